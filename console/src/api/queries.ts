/** What pages read, by name: one query for each thing that the API shows. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answer, api, local } from "./client";
import { isProblem } from "./problem";
import { noteSession } from "./signin";
import type { components, operations } from "./schema";

export type User = components["schemas"]["User"];
export type Session = components["schemas"]["Session"];
export type App = components["schemas"]["App"];
export type AppRole = components["schemas"]["AppRole"];
export type Status = components["schemas"]["Status"];
export type Role = components["schemas"]["Role"];
export type EmailSettings = components["schemas"]["EmailSettings"];
export type UserFilter = NonNullable<operations["list_users"]["parameters"]["query"]>;
export type Activity = components["schemas"]["Activity"];
export type ApiKey = components["schemas"]["ApiKey"];
export type Webhook = components["schemas"]["Webhook"];
export type WebhookDelivery = components["schemas"]["WebhookDelivery"];
export type EventType = components["schemas"]["EventType"];
export type SecuritySettings = components["schemas"]["SecuritySettings"];
export type PasswordPolicy = components["schemas"]["PasswordPolicy"];
export type RowResult = components["schemas"]["CreateOutcome"];
export type Template = components["schemas"]["EmailTemplate"];
export type TemplateKind = components["schemas"]["TemplateKind"];

/** Who is signed in; `null` for nobody. */
export const sessionQuery = queryOptions({
    queryKey: ["session"],
    queryFn: async () => {
        try {
            const session = await answer(api.GET("/v1/session"));
            noteSession(true);
            return session;
        } catch (error) {
            if (isProblem(error, "unauthenticated")) {
                noteSession(false);
                return null;
            }
            throw error;
        }
    },
    staleTime: Infinity,
});

export const setupQuery = queryOptions({
    queryKey: ["setup"],
    queryFn: () => answer(api.GET("/v1/setup")),
    staleTime: Infinity,
});

export const passwordPolicyQuery = queryOptions({
    queryKey: ["password-policy"],
    queryFn: () => answer(api.GET("/v1/password-policy")),
    staleTime: Infinity,
});

export const usersQuery = (query: UserFilter) =>
    queryOptions({
        queryKey: ["users", query],
        queryFn: ({ signal }) => answer(api.GET("/v1/users", { params: { query }, signal })),
        placeholderData: keepPreviousData,
    });

export const summaryQuery = queryOptions({
    queryKey: ["users", "summary"],
    queryFn: () => answer(api.GET("/v1/users/summary")),
});

export const userQuery = (id: string) =>
    queryOptions({
        queryKey: ["users", id],
        queryFn: () => answer(api.GET("/v1/users/{id}", { params: { path: { id } } })),
    });

export const userSessionsQuery = (id: string) =>
    queryOptions({
        queryKey: ["users", id, "sessions"],
        queryFn: () => answer(api.GET("/v1/users/{id}/sessions", { params: { path: { id } } })),
    });

export const userActivityQuery = (id: string) =>
    infiniteQueryOptions({
        queryKey: ["users", id, "activity"],
        queryFn: ({ pageParam }) =>
            answer(api.GET("/v1/users/{id}/activity", { params: { path: { id }, query: { limit: 20, cursor: pageParam } } })),
        initialPageParam: undefined as string | undefined,
        getNextPageParam: (page) => page.next_cursor ?? undefined,
    });

export interface ActivityFilter {
    action?: string;
    actor?: string;
    subject?: string;
    from?: string;
    to?: string;
}

export const activityQuery = (filter: ActivityFilter) =>
    infiniteQueryOptions({
        queryKey: ["activity", filter],
        queryFn: ({ pageParam }) =>
            answer(api.GET("/v1/activity", { params: { query: { ...filter, limit: 50, cursor: pageParam } } })),
        initialPageParam: undefined as string | undefined,
        getNextPageParam: (page) => page.next_cursor ?? undefined,
        placeholderData: keepPreviousData,
    });

export const invitesQuery = (filter: { status?: "invited" | "invite_expired"; delivery?: string }) =>
    infiniteQueryOptions({
        queryKey: ["invites", filter],
        queryFn: ({ pageParam }) =>
            answer(api.GET("/v1/invites", { params: { query: { ...filter, limit: 100, cursor: pageParam } } })),
        initialPageParam: undefined as string | undefined,
        getNextPageParam: (page) => page.next_cursor ?? undefined,
        placeholderData: keepPreviousData,
    });

/** A whole list, page by page: for what an installation has few of. */
async function all<T>(read: (query: { limit: number; cursor?: string }) => Promise<{ items: T[]; next_cursor?: string | null }>): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | undefined;
    do {
        const page = await read({ limit: 100, cursor });
        items.push(...page.items);
        cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    return items;
}

export const appsQuery = queryOptions({
    queryKey: ["apps"],
    queryFn: () => all<App>((query) => answer(api.GET("/v1/apps", { params: { query } }))),
});

export const appUsersQuery = (slug: string, role: string | undefined) =>
    infiniteQueryOptions({
        queryKey: ["apps", slug, "users", role],
        queryFn: ({ pageParam }) =>
            answer(api.GET("/v1/apps/{slug}/users", { params: { path: { slug }, query: { role, cursor: pageParam } } })),
        initialPageParam: undefined as string | undefined,
        getNextPageParam: (page) => page.next_cursor ?? undefined,
        placeholderData: keepPreviousData,
    });

export const emailSettingsQuery = queryOptions({
    queryKey: ["settings", "email"],
    queryFn: () => answer(api.GET("/v1/settings/email")),
});

export const securityQuery = queryOptions({
    queryKey: ["settings", "security"],
    queryFn: () => answer(api.GET("/v1/settings/security")),
});

export const templateQuery = (kind: TemplateKind) =>
    queryOptions({
        queryKey: ["settings", "templates", kind],
        queryFn: () => answer(api.GET("/v1/settings/email-templates/{kind}", { params: { path: { kind } } })),
    });

export const apiKeysQuery = queryOptions({
    queryKey: ["api-keys"],
    queryFn: () => all<ApiKey>((query) => answer(api.GET("/v1/api-keys", { params: { query } }))),
});

export const webhooksQuery = queryOptions({
    queryKey: ["webhooks"],
    queryFn: () => answer(api.GET("/v1/webhooks")),
});

export const webhookQuery = (id: string) =>
    queryOptions({
        queryKey: ["webhooks", id],
        queryFn: () => answer(api.GET("/v1/webhooks/{id}", { params: { path: { id } } })),
    });

export const deliveriesQuery = (id: string) =>
    infiniteQueryOptions({
        queryKey: ["webhooks", id, "deliveries"],
        queryFn: ({ pageParam }) =>
            answer(api.GET("/v1/webhooks/{id}/deliveries", { params: { path: { id }, query: { limit: 20, cursor: pageParam } } })),
        initialPageParam: undefined as string | undefined,
        getNextPageParam: (page) => page.next_cursor ?? undefined,
        // What was not tried yet is tried within seconds.
        refetchInterval: ({ state }) =>
            state.data?.pages.some(({ items }) => items.some(({ state, attempts }) => state === "queued" && attempts === 0)) ? 1_500 : false,
    });

export const mySessionsQuery = queryOptions({
    queryKey: ["me", "sessions"],
    queryFn: () => answer(api.GET("/v1/me/sessions")),
});

export const myAppsQuery = queryOptions({
    queryKey: ["me", "apps"],
    queryFn: () => answer(api.GET("/v1/me/apps")),
});

/** A mail that the local installation caught. */
export interface Mail {
    id: string;
    to: string[];
    from: string;
    subject: string;
    text: string;
    html: string;
    sent_at: string;
    tags: Record<string, string>;
}

/** The mailbox of a local installation; `null` elsewhere. It is no part of the API. */
export const mailboxQuery = queryOptions({
    queryKey: ["mailbox"],
    queryFn: async (): Promise<Mail[] | null> => {
        const response = await local("GET", "/_local/mail");
        const isThere = response.ok && response.headers.get("content-type")?.startsWith("application/json");
        if (!isThere) return null;
        return ((await response.json()) as { items: Mail[] }).items;
    },
    retry: false,
});
