interface Person {
    email: string;
    name?: string;
}

/** Text in quotes is one piece, whatever is in it. A quote that nothing ends is a letter like others. */
const QUOTED = `"[^"\\n]*"|"(?![^"\\n]*")`;
const ENTRY = new RegExp(`(?:${QUOTED}|[^";\\n])+`, "gu");
const NAMED = new RegExp(`((?:${QUOTED}|[^"<>])*)<([^<>]*)>`, "guy");

/**
 * People as somebody pastes them, out of a list or a mail program: a line or a semicolon between them, or a comma, which
 * may also be a part of the name in `Name <address>`; between bare addresses, a space is enough.
 */
export function parseAddresses(text: string): Person[] {
    const found = new Map<string, Person>();
    const add = (text: string, name?: string) => {
        const email = unquoted(text).replace(/^mailto:/iu, "");
        if (email) found.set(email.toLowerCase(), { email, name: name === email ? undefined : name || undefined });
    };
    const addBare = (text: string) => {
        for (const part of text.split(",")) {
            const words = part.trim().split(/\s+/u);
            for (const one of words.every(isAddress) ? words : [part]) add(one);
        }
    };
    for (const [entry] of text.matchAll(ENTRY)) {
        let end = 0;
        for (const [all, before = "", email = ""] of entry.matchAll(NAMED)) {
            // What is bare and stands before a name, or between two, belongs to neither.
            const [bare = ""] = /^(?:\s*[^\s,"]+@[^\s,"]+(?:\s*,|\s+(?=\S))|\s*,)*/u.exec(before) ?? [];
            addBare(bare);
            add(email, unquoted(before.slice(bare.length)));
            end += all.length;
        }
        addBare(entry.slice(end));
    }
    return [...found.values()];
}

/** People as they can be pasted again. */
export function writeAddresses(people: Person[]): string {
    return people.map(({ email, name }) => (name ? `"${name}" <${email}>` : email)).join("\n");
}

function isAddress(word: string): boolean {
    return word.includes("@");
}

function unquoted(text: string): string {
    return text.trim().replace(/^(["'])(.*)\1$/u, "$2");
}
