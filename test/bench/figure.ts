/** One line of a bench's output. */
export interface Figure {
  readonly bench: string;
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  readonly ratio?: number;
  readonly ratioTo?: string;
  /** In the unit of `value`. */
  readonly target?: number;
  readonly met?: boolean;
}

export function printFigure(figure: Figure): void {
  const rounded = Object.entries(figure).map(([name, value]) => [
    name,
    typeof value === 'number' ? Number(value.toPrecision(4)) : value,
  ]);
  process.stdout.write(`${JSON.stringify(Object.fromEntries(rounded))}\n`);
}
