import { answer, api } from "./client";

/** All users as CSV. A large installation answers in parts, which are read one after the other. */
export async function exportUsers(): Promise<string> {
    let csv = "";
    let cursor: string | undefined;
    do {
        const call = await api.GET("/v1/users/export", { params: { query: { cursor } }, parseAs: "text" });
        csv += await answer(Promise.resolve(call));
        cursor = call.response.headers.get("x-next-cursor") ?? undefined;
    } while (cursor);
    return csv;
}
