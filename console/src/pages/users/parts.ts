/** As many as make a steady progress; the API takes 500 at once. */
const PART = 50;

/** Sends many rows, a part at a time, and hands out each answer as it comes. */
export async function* inParts<T, R>(rows: T[], send: (part: T[]) => Promise<R>): AsyncGenerator<R> {
    for (let at = 0; at < rows.length; at += PART) yield await send(rows.slice(at, at + PART));
}
