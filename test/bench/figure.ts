/** One line of a bench's output. */
export interface Figure {
  readonly bench: string;
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  readonly ratio?: number;
  readonly ratioTo?: string;
  readonly target?: number;
  readonly met?: boolean;
}

export function printFigure(figure: Figure): void {
  const round = (value: number): number => Number(value.toPrecision(4));
  const { value, ratio } = figure;
  process.stdout.write(
    `${JSON.stringify({ ...figure, value: round(value), ...(ratio === undefined ? {} : { ratio: round(ratio) }) })}\n`,
  );
}
