/** A row of a file, and the line that it begins in. */
export interface Line {
    line: number;
    cells: string[];
}

/** What a file says, as spreadsheets save it: in UTF-8, or as Windows does in the west. Nothing, if it is no text. */
export function decode(bytes: ArrayBuffer): string | undefined {
    const text = decoded(bytes);
    return /[^\P{Cc}\t\r\n]/u.test(text) ? undefined : text;
}

function decoded(bytes: ArrayBuffer): string {
    const [first, second] = new Uint8Array(bytes);
    // What Excel calls Unicode text.
    if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
    try {
        return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
        return new TextDecoder("windows-1252").decode(bytes);
    }
}

/** CSV as spreadsheets write it (RFC 4180): the separator is found out, quotes may hold anything. */
export function parseCsv(text: string): Line[] {
    const clean = text.replace(/^\uFEFF/, "");
    const firstLine = clean.split(/\r?\n/, 1)[0] ?? "";
    const separator = [",", ";", "\t"].reduce((best, one) => (firstLine.split(one).length > firstLine.split(best).length ? one : best));
    const rows: Line[] = [];
    let row: Line = { line: 1, cells: [] };
    let line = 1;
    let cell = "";
    let isQuoted = false;
    const endCell = () => {
        row.cells.push(cell.trim());
        cell = "";
    };
    const endRow = () => {
        endCell();
        if (row.cells.some(Boolean)) rows.push(row);
        row = { line, cells: [] };
    };
    for (let at = 0; at < clean.length; at++) {
        const letter = clean[at]!;
        if (letter === "\n") line += 1;
        if (isQuoted) {
            if (letter !== '"') cell += letter;
            else if (clean[at + 1] === '"') cell += clean[++at];
            else isQuoted = false;
        } else if (letter === '"' && cell.trim() === "") {
            isQuoted = true;
            cell = "";
        } else if (letter === separator) endCell();
        else if (letter === "\n") endRow();
        else if (letter !== "\r") cell += letter;
    }
    endRow();
    return rows;
}

/** Rows as CSV. A cell that a spreadsheet would run as a formula is made text. */
export function writeCsv(rows: string[][]): string {
    const cell = (text: string) => {
        const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
        return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    };
    return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** Hands a file to whoever sits there. */
export function download(name: string, text: string): void {
    const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
