import { texts } from "../texts";
import type { components } from "./schema";

/** A refusal of the API, or its silence. */
export class Problem extends Error {
    readonly at = Date.now();

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
        const slug = type.split("/").pop() ?? "";
        return new Problem(response.status, slug, wordsOf(slug, retryAfter) ?? detail, errors ?? [], more, retryAfter);
    }
    return new Problem(response.status, "unknown", texts.problems.unknown(response.status), [], {}, retryAfter);
}

/** What the API says to programs, in words for people. */
function wordsOf(slug: string, retryAfter: number | null): string | undefined {
    if (slug === "too-many-attempts") return texts.problems.paused(retryAfter ?? 60);
    return (texts.problems.bySlug as Record<string, string>)[slug];
}

export function isProblem(error: unknown, ...slugs: string[]): error is Problem {
    return error instanceof Problem && (slugs.length === 0 || slugs.includes(error.slug));
}
