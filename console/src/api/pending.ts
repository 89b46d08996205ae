/**
 * Operations of the API's contract that the API document does not describe yet. It shrinks as they arrive, and goes
 * away with the last.
 */
import type { components } from "./schema";

type User = components["schemas"]["User"];
type Session = components["schemas"]["Session"];
type App = components["schemas"]["App"];
type AppRole = components["schemas"]["AppRole"];
type ListOf<T> = { items: T[]; next_cursor?: string | null };

interface Call<Parameters, Body, Answer> {
    parameters: { query?: never; header?: never; path?: never; cookie?: never } extends infer None
        ? Omit<None, keyof Parameters> & Parameters
        : never;
    requestBody: Body extends undefined ? undefined : { content: { "application/json": Body } };
    responses: { 200: { headers: Record<string, unknown>; content: { "application/json": Answer } } };
}
type None = Record<never, never>;
interface Paged {
    limit?: number;
    cursor?: string;
}
interface Id {
    path: { id: string };
}

export interface Activity {
    id: string;
    at: string;
    action: string;
    actor: { kind: "user" | "api_key" | "system" | "anonymous"; id?: string | null; label?: string | null };
    subject: { kind: string; id?: string | null; label?: string | null };
    changes: Record<string, [unknown, unknown]>;
    ip?: string | null;
    user_agent?: string | null;
    request_id?: string | null;
}

export interface Invitation {
    email: string;
    name?: string | null;
    role?: string | null;
    app_roles?: Record<string, string> | null;
    message?: string | null;
    valid_hours?: number | null;
}
export interface RowResult {
    email: string;
    outcome: string;
    user_id?: string | null;
    detail?: string | null;
    temporary_password?: string | null;
}

export interface Template {
    kind: string;
    subject: string;
    html: string;
    text: string;
    is_default?: boolean;
    variables: { name: string; description: string; required: boolean }[];
}
type TemplateBody = { subject: string; html: string; text: string };

export interface SecuritySettings {
    password_min_length: number;
    sign_in_attempts: number;
    session_idle_minutes: number;
    session_absolute_hours: number;
    temporary_password_hours: number;
}

export interface ApiKey {
    id: string;
    name: string;
    role: string;
    created_at: string;
    expires_at?: string | null;
    last_used_at?: string | null;
}

export interface PendingPaths {
    "/v1/me/sessions": { get: Call<{ query?: Paged }, undefined, ListOf<Session>> };
    "/v1/me/sessions/{id}": { delete: Call<Id, undefined, undefined> };
    "/v1/me/apps": { get: Call<None, undefined, ListOf<{ app: App; role: AppRole | string }>> };
    "/v1/password-resets": { post: Call<None, { email: string }, undefined> };
    "/v1/password-resets/complete": { post: Call<None, { token: string; new_password: string }, undefined> };
    "/v1/invites/batch": { post: Call<None, { invites: Invitation[]; dry_run?: boolean }, { results: RowResult[] }> };
    "/v1/users": {
        post: Call<
            None,
            { email: string; name?: string; role?: string; app_roles?: Record<string, string> },
            { user: User; temporary_password: string | null }
        >;
    };
    "/v1/users/batch": { post: Call<None, { users: Invitation[]; dry_run?: boolean }, { results: RowResult[] }> };
    "/v1/users/batch-delete": {
        post: Call<None, { ids: string[] }, { results: { id: string; outcome: string; detail?: string | null }[] }>;
    };
    "/v1/users/summary": {
        get: Call<
            None,
            undefined,
            { total: number; by_status: Record<string, number>; by_role: Record<string, number> }
        >;
    };
    "/v1/users/{id}/suspend": { post: Call<Id, { reason?: string; until?: string }, User> };
    "/v1/users/{id}/reactivate": { post: Call<Id, undefined, User> };
    "/v1/users/{id}/unlock": { post: Call<Id, undefined, User> };
    "/v1/users/{id}/password-reset": {
        post: Call<Id, { delivery: "show" | "email" }, { temporary_password?: string | null } | undefined>;
    };
    "/v1/users/{id}/sessions": {
        get: Call<Id & { query?: Paged }, undefined, ListOf<Session>>;
        delete: Call<Id, undefined, undefined>;
    };
    "/v1/users/{id}/sessions/{session}": {
        delete: Call<{ path: { id: string; session: string } }, undefined, undefined>;
    };
    "/v1/users/{id}/activity": { get: Call<Id & { query?: Paged }, undefined, ListOf<Activity>> };
    "/v1/activity": {
        get: Call<
            { query?: Paged & { action?: string; actor?: string; from?: string; to?: string } },
            undefined,
            ListOf<Activity>
        >;
    };
    "/v1/apps/{slug}": {
        patch: Call<
            { path: { slug: string } },
            { name?: string; url?: string | null; description?: string | null; roles?: AppRole[] },
            App
        >;
        delete: Call<{ path: { slug: string } }, undefined, undefined>;
    };
    "/v1/apps/{slug}/users": {
        get: Call<
            { path: { slug: string }; query?: Paged & { role?: string } },
            undefined,
            ListOf<{ user: User; role: string }>
        >;
    };
    "/v1/settings/email/test": { post: Call<None, { to: string }, undefined> };
    "/v1/settings/email-templates": { get: Call<None, undefined, ListOf<Template>> };
    "/v1/settings/email-templates/{kind}": {
        get: Call<{ path: { kind: string } }, undefined, Template>;
        put: Call<{ path: { kind: string } }, TemplateBody, Template>;
        delete: Call<{ path: { kind: string } }, undefined, undefined>;
    };
    "/v1/settings/email-templates/{kind}/preview": {
        post: Call<{ path: { kind: string } }, TemplateBody, TemplateBody>;
    };
    "/v1/settings/security": {
        get: Call<None, undefined, SecuritySettings>;
        put: Call<None, SecuritySettings, SecuritySettings>;
    };
    "/v1/api-keys": {
        get: Call<{ query?: Paged }, undefined, ListOf<ApiKey>>;
        post: Call<None, { name: string; role: string; expires_at?: string }, { api_key: ApiKey; key: string | null }>;
    };
    "/v1/api-keys/{id}": { delete: Call<Id, undefined, undefined> };
}
