import type { components } from "./schema";

/** A refusal of the API, or its silence. */
export class Problem extends Error {
    constructor(
        readonly status: number,
        /** The last part of the problem's type; `network` when there was no answer. */
        readonly slug: string,
        detail: string,
        readonly fields: components["schemas"]["FieldProblem"][] = [],
        readonly more: Record<string, unknown> = {},
        readonly retryAfter: number | null = null,
    ) {
        super(detail);
    }
}

/** The problem that an answer tells of. */
export function problemOf(body: unknown, response: Response): Problem {
    const retryAfter = Number(response.headers.get("retry-after")) || null;
    if (typeof body === "object" && body !== null && "type" in body && "detail" in body) {
        const { type, detail, errors, ...more } = body as components["schemas"]["Problem"];
        return new Problem(response.status, type.split("/").pop() ?? "", detail, errors ?? [], more, retryAfter);
    }
    return new Problem(response.status, "unknown", `The server answered ${response.status}.`, [], {}, retryAfter);
}

export function isProblem(error: unknown, ...slugs: string[]): error is Problem {
    return error instanceof Problem && (slugs.length === 0 || slugs.includes(error.slug));
}
