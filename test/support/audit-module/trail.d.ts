export function link(chain: number, id: string): number;
export function isPoison(id: string): boolean;
