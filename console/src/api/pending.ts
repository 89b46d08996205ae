/**
 * Operations of the API's contract that the API document does not describe yet. It shrinks as they arrive, and goes
 * away with the last.
 */

interface Call<Parameters, Body, Answer> {
    parameters: { query?: never; header?: never; cookie?: never } & Parameters;
    requestBody?: Body extends undefined ? never : { content: { "application/json": Body } };
    responses: { 200: { headers: Record<string, unknown>; content: { "application/json": Answer } } };
}
interface None {
    path?: never;
}
interface Kind {
    path: { kind: string };
}

export interface TemplateText {
    subject: string;
    html: string;
    text: string;
}
export interface Template extends TemplateText {
    kind: string;
    variables: { name: string; description: string; required: boolean }[];
}

export interface PendingPaths {
    "/v1/settings/email/test": { post: Call<None, { to: string }, undefined> };
    "/v1/settings/email-templates/{kind}": {
        get: Call<Kind, undefined, Template>;
        put: Call<Kind, TemplateText, Template>;
        delete: Call<Kind, undefined, undefined>;
    };
    "/v1/settings/email-templates/{kind}/preview": { post: Call<Kind, TemplateText, TemplateText> };
}
