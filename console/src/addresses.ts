/** People as somebody pastes them: a line, comma or semicolon between them, `Name <address>` or the address alone. */
export function parseAddresses(text: string): { email: string; name?: string }[] {
    const found = new Map<string, { email: string; name?: string }>();
    for (const part of text.split(/[\n;,]+/u)) {
        const named = /^\s*"?([^"<]*?)"?\s*<([^>]+)>\s*$/u.exec(part);
        const email = (named?.[2] ?? part).trim();
        if (email) found.set(email.toLowerCase(), { email, name: named?.[1] || undefined });
    }
    return [...found.values()];
}
