import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { answer, api } from "../api/client";
import { myAppsQuery, mySessionsQuery, sessionQuery, type Session } from "../api/queries";
import { NewPassword } from "../components/NewPassword";
import { Page, Section } from "../components/Page";
import { Sessions } from "../components/Sessions";
import { Empty, Shown } from "../components/states";
import table from "../components/table.module.css";
import { toast } from "../components/Toasts";
import { FormError, useAction, useForm } from "../form";
import { useMe } from "../session";
import { texts } from "../texts";

const t = texts.account;

export default function Account() {
    return (
        <Page title={t.title} narrow>
            <Apps />
            <Profile />
            <Password />
            <MySessions />
        </Page>
    );
}

function Apps() {
    const apps = useQuery(myAppsQuery);
    return (
        <Section title={t.apps} flush>
            <Shown of={apps} rows={2}>
                {({ items }) =>
                    items.length === 0 ? (
                        <Empty title={t.noApps}>{t.noAppsLead}</Empty>
                    ) : (
                        <table className={table.table}>
                            <thead>
                                <tr>
                                    <th>{texts.user.app}</th>
                                    <th>{texts.fields.role}</th>
                                    <th>
                                        <span className="hidden">{t.open}</span>
                                    </th>
                                </tr>
                            </thead>
                            <tbody>
                                {items.map(({ app, role }) => (
                                    <tr key={app.slug}>
                                        <td>
                                            <strong>{app.name}</strong>
                                            {app.description && <div className="muted small">{app.description}</div>}
                                        </td>
                                        <td>{app.roles.find(({ slug }) => slug === role)?.name ?? role}</td>
                                        <td className={table.right}>
                                            {app.url && (
                                                <Button size="xs" variant="default" component="a" href={app.url} target="_blank" rel="noreferrer" aria-label={t.openApp(app.name)}>
                                                    {t.open}
                                                </Button>
                                            )}
                                        </td>
                                    </tr>
                                ))}
                            </tbody>
                        </table>
                    )
                }
            </Shown>
        </Section>
    );
}

function Profile() {
    const me = useMe();
    const queries = useQueryClient();
    const form = useForm({
        initial: { name: me.name ?? "" },
        send: async (body) => {
            await answer(api.PATCH("/v1/me", { body }));
            await queries.fetchQuery({ ...sessionQuery, staleTime: 0 });
            toast(t.saved);
        },
    });
    return (
        <Section title={texts.user.profile}>
            <form {...form.props} className="stack">
                <FormError error={form.error} />
                <div className="fields">
                    <TextInput label={texts.fields.name} autoComplete="name" {...form.text("name")} />
                    <TextInput label={texts.fields.email} description={t.emailHint} value={me.email} readOnly variant="filled" inputWrapperOrder={["label", "input", "description"]} />
                </div>
                <div className="row end">
                    <Button type="submit" loading={form.isBusy} disabled={form.values.name === (me.name ?? "")}>
                        {texts.common.save}
                    </Button>
                </div>
            </form>
        </Section>
    );
}

function Password() {
    const me = useMe();
    const initial = { current_password: "", new_password: "" };
    const form = useForm({
        initial,
        about: { "wrong-password": "current_password" },
        send: async (body) => {
            await answer(api.POST("/v1/me/password", { body }));
            form.reset(initial);
            toast(t.passwordChanged);
        },
    });
    return (
        <Section title={texts.user.password} lead={t.passwordLead}>
            <form {...form.props} className="stack">
                <FormError error={form.error} />
                <div className="fields">
                    <PasswordInput
                        label={t.currentPassword}
                        autoComplete="current-password"
                        {...form.text("current_password")}
                    />
                    <NewPassword personal={[me.name, me.email.split("@")[0]]} {...form.text("new_password")} />
                </div>
                <div className="row end">
                    <Button type="submit" loading={form.isBusy} disabled={!form.values.current_password || !form.values.new_password}>
                        {t.changePassword}
                    </Button>
                </div>
            </form>
        </Section>
    );
}

function MySessions() {
    const sessions = useQuery(mySessionsQuery);
    const end = useAction(async (session: Session) => {
        await answer(api.DELETE("/v1/me/sessions/{id}", { params: { path: { id: session.id } } }));
        toast(texts.sessions.ended);
    });
    return (
        <Section title={texts.sessions.title} lead={t.sessionsLead} flush>
            <Shown of={sessions} rows={2}>
                {({ items }) => <Sessions sessions={items} end={(session) => end.mutate(session)} />}
            </Shown>
        </Section>
    );
}
