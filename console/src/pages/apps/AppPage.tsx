import { ActionIcon, Button, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { Link, navigate, useLocation } from "../../navigation";
import { answer, api } from "../../api/client";
import { appsQuery, appUsersQuery, type App } from "../../api/queries";
import { Avatar } from "../../components/Avatar";
import { confirm } from "../../components/confirm";
import { StatusLabel } from "../../components/labels";
import { Page, Section } from "../../components/Page";
import { Empty, Shown, Unread } from "../../components/states";
import table from "../../components/table.module.css";
import { toast } from "../../components/Toasts";
import { FormError, useAction, useForm } from "../../form";
import { texts } from "../../texts";
import { useUrl } from "../../url";
import { slugOf } from "./Apps";
import classes from "./AppPage.module.css";

const t = texts.apps;

export default function AppPage() {
    const { slug = "" } = useLocation().parameters;
    const apps = useQuery(appsQuery);
    const back = { to: "/apps", label: t.title };
    const app = apps.data?.find((app) => app.slug === slug);
    if (app) {
        return (
            <Page title={app.name} lead={app.description} back={back} narrow>
                <Users app={app} />
                <Roles app={app} />
                <About app={app} />
                <Danger app={app} />
            </Page>
        );
    }
    return (
        <Page title={t.title} back={back} narrow>
            {apps.data ? <Empty title={t.unknown} /> : <Unread of={apps} />}
        </Page>
    );
}

function Users({ app }: { app: App }) {
    const url = useUrl();
    const role = app.roles.find(({ slug }) => slug === url.get("role"))?.slug;
    const users = useInfiniteQuery(appUsersQuery(app.slug, role));
    return (
        <Section
            title={t.access}
            flush
            actions={
                <NativeSelect
                    size="xs"
                    aria-label={texts.users.byAppRole}
                    value={role ?? ""}
                    onChange={(event) => url.change({ role: event.currentTarget.value })}
                    data={[
                        { value: "", label: texts.users.anyAppRole },
                        ...app.roles.map(({ slug, name }) => ({ value: slug, label: name })),
                    ]}
                />
            }
        >
            <Shown of={users}>
                {({ pages }) => {
                    const items = pages.flatMap(({ items }) => items);
                    if (items.length === 0) return <Empty title={role ? t.nobodyInRole : t.nobody}>{role ? null : t.nobodyLead}</Empty>;
                    return (
                        <>
                            <div className={table.scroll}>
                                <table className={table.table}>
                                    <thead>
                                        <tr>
                                            <th>{texts.users.name}</th>
                                            <th>{texts.fields.role}</th>
                                            <th>{texts.users.status}</th>
                                        </tr>
                                    </thead>
                                    <tbody>
                                        {items.map(({ user, role }) => (
                                            <tr key={user.id} data-link>
                                                <td>
                                                    <span className={table.person}>
                                                        <Avatar name={user.name ?? user.email} />
                                                        <span>
                                                            <Link className={`${table.cover} truncate`} to={`/users/${user.id}`}>
                                                                {user.name ?? user.email}
                                                            </Link>
                                                            {user.name && <span className="muted small truncate">{user.email}</span>}
                                                        </span>
                                                    </span>
                                                </td>
                                                <td>{app.roles.find(({ slug }) => slug === role)?.name ?? role}</td>
                                                <td>
                                                    <StatusLabel user={user} />
                                                </td>
                                            </tr>
                                        ))}
                                    </tbody>
                                </table>
                            </div>
                            {users.hasNextPage && (
                                <div className={table.foot}>
                                    <Button size="xs" variant="default" loading={users.isFetchingNextPage} onClick={() => void users.fetchNextPage()}>
                                        {texts.common.more}
                                    </Button>
                                </div>
                            )}
                        </>
                    );
                }}
            </Shown>
        </Section>
    );
}

/** An app as it is saved now. */
async function latest(queries: QueryClient, app: App): Promise<App> {
    const apps = await queries.fetchQuery({ ...appsQuery, staleTime: 0 });
    return apps.find(({ slug }) => slug === app.slug) ?? app;
}

const rolesOf = (app: App) => ({ roles: app.roles.map(({ slug, name, description }) => ({ slug, name, description: description ?? "" })) });
const factsOf = (app: App) => ({ name: app.name, url: app.url ?? "", description: app.description ?? "" });

function Roles({ app }: { app: App }) {
    const queries = useQueryClient();
    const saved = new Set(app.roles.map(({ slug }) => slug));
    const form = useForm({
        initial: rolesOf(app),
        latest: async () => rolesOf(await latest(queries, app)),
        send: async ({ roles }) => {
            const body = {
                roles: roles.map(({ slug, name, description }) => ({ slug: slug || slugOf(name), name, description: description || undefined })),
            };
            await answer(api.PATCH("/v1/apps/{slug}", { params: { path: { slug: app.slug } }, body }));
            toast(t.rolesSaved);
        },
    });
    const { roles } = form.values;
    const change = (at: number, part: Partial<(typeof roles)[number]>) =>
        form.set({ roles: roles.map((role, row) => (row === at ? { ...role, ...part } : role)) });
    return (
        <Section title={t.roles} lead={t.rolesLead}>
            <form {...form.props} className="stack">
                <FormError error={form.wrong.roles ? new Error(form.wrong.roles) : form.error} />
                <ul className={`plain ${classes.roles}`}>
                    {roles.map((role, at) => (
                        <li key={at} className={classes.role}>
                            <TextInput
                                name={`roles/${at}/name`}
                                aria-label={t.roleName}
                                placeholder={t.roleName}
                                value={role.name}
                                error={form.wrong[`roles/${at}/name`] ?? form.wrong[`roles/${at}/slug`]}
                                onChange={(event) => change(at, { name: event.currentTarget.value })}
                            />
                            <TextInput
                                name={`roles/${at}/description`}
                                aria-label={t.description}
                                placeholder={t.description}
                                value={role.description}
                                error={form.wrong[`roles/${at}/description`]}
                                onChange={(event) => change(at, { description: event.currentTarget.value })}
                            />
                            <span className={`muted mono ${classes.slug} truncate`}>{saved.has(role.slug) ? role.slug : slugOf(role.name)}</span>
                            <ActionIcon
                                variant="subtle"
                                color="gray"
                                aria-label={t.removeRole(role.name)}
                                disabled={roles.length === 1}
                                onClick={() => form.set({ roles: roles.filter((_, row) => row !== at) })}
                            >
                                <IconTrash size={16} />
                            </ActionIcon>
                        </li>
                    ))}
                </ul>
                <div className="row spread">
                    <Button
                        variant="default"
                        leftSection={<IconPlus size={15} />}
                        onClick={() => form.set({ roles: [...roles, { slug: "", name: "", description: "" }] })}
                    >
                        {t.addRole}
                    </Button>
                    <Button type="submit" loading={form.isBusy}>
                        {t.saveRoles}
                    </Button>
                </div>
            </form>
        </Section>
    );
}

function About({ app }: { app: App }) {
    const queries = useQueryClient();
    const form = useForm({
        initial: factsOf(app),
        latest: async () => factsOf(await latest(queries, app)),
        send: async ({ name, url, description }) => {
            const body = { name, url: url || null, description: description || null };
            await answer(api.PATCH("/v1/apps/{slug}", { params: { path: { slug: app.slug } }, body }));
            toast(t.saved);
        },
    });
    return (
        <Section title={t.about}>
            <form {...form.props} className="stack">
                <FormError error={form.error} />
                <div className="fields">
                    <TextInput label={t.name} {...form.text("name")} />
                    <TextInput label={t.address} type="url" placeholder="https://" {...form.text("url")} />
                </div>
                <Textarea label={t.description} autosize minRows={2} {...form.text("description")} />
                <div className="row end">
                    <Button type="submit" loading={form.isBusy}>
                        {texts.common.save}
                    </Button>
                </div>
            </form>
        </Section>
    );
}

function Danger({ app }: { app: App }) {
    const remove = useAction(async () => {
        await answer(api.DELETE("/v1/apps/{slug}", { params: { path: { slug: app.slug } } }));
        await navigate("/apps", { replace: true });
        toast(t.deleted(app.name));
    });
    const ask = async () => {
        if (await confirm({ title: t.deleteTitle(app.name), body: t.deleteBody, confirm: t.delete, danger: true, typed: app.slug })) remove.mutate();
    };
    return (
        <Section title={texts.user.danger} danger>
            <div className="row spread">
                <p className="muted">{t.deleteBody}</p>
                <Button color="danger" variant="outline" loading={remove.isPending} onClick={() => void ask()}>
                    {t.delete}
                </Button>
            </div>
        </Section>
    );
}
