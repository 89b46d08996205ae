import { Button, CloseButton, Modal, NativeSelect, Progress } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client";
import { appsQuery, type User } from "../../api/queries";
import { confirm } from "../../components/confirm";
import { toast } from "../../components/Toasts";
import { texts } from "../../texts";
import classes from "./BulkBar.module.css";

const t = texts.bulk;

/** What is done to many users at once, and how it went. */
export default function BulkBar({ users, clear }: { users: User[]; clear: () => void }) {
    const queries = useQueryClient();
    const [done, setDone] = useState<number | null>(null);
    const [failed, setFailed] = useState<{ user: User; why: string }[]>([]);
    const [isRoleOpen, setIsRoleOpen] = useState(false);
    const invited = users.filter(({ status }) => status === "invited" || status === "invite_expired");
    const active = users.filter(({ status }) => status === "active");

    /** A few at a time: enough to be quick, few enough for the limits of the API. */
    const run = async (chosen: User[], act: (user: User) => Promise<unknown>, text: (count: number) => string) => {
        setDone(0);
        const refused: { user: User; why: string }[] = [];
        const rest = [...chosen];
        const work = async () => {
            for (let user = rest.shift(); user; user = rest.shift()) {
                const one = user;
                await act(one).catch((error: Error) => refused.push({ user: one, why: error.message }));
                setDone((done) => (done ?? 0) + 1);
            }
        };
        await Promise.all([work(), work(), work(), work()]);
        await finish(chosen.length - refused.length, refused, text);
    };
    const finish = async (count: number, refused: { user: User; why: string }[], text: (count: number) => string) => {
        await queries.invalidateQueries();
        setDone(null);
        setFailed(refused);
        if (count > 0) toast(text(count));
        if (refused.length === 0) clear();
    };

    const resend = () =>
        run(invited, ({ id }) => answer(api.POST("/v1/users/{id}/invite", { params: { path: { id } }, body: {} })), t.resent);
    const suspend = async () => {
        const isSure = await confirm({ title: t.suspendTitle(active.length), body: t.suspendBody, confirm: t.suspend, danger: true });
        if (isSure) await run(active, ({ id }) => answer(api.POST("/v1/users/{id}/suspend", { params: { path: { id } }, body: {} })), t.suspended);
    };
    const remove = async () => {
        const isSure = await confirm({
            title: t.deleteTitle(users.length),
            body: t.deleteBody,
            confirm: t.delete,
            danger: true,
            typed: users.length > 1 ? String(users.length) : undefined,
        });
        if (!isSure) return;
        setDone(0);
        const refused: { user: User; why: string }[] = [];
        for (let at = 0; at < users.length; at += 100) {
            const part = users.slice(at, at + 100);
            try {
                const { results } = await answer(api.POST("/v1/users/batch-delete", { body: { ids: part.map(({ id }) => id) } }));
                for (const { id, outcome, detail } of results) {
                    const user = part.find((user) => user.id === id);
                    if (user && outcome === "refused") refused.push({ user, why: detail ?? t.refused });
                }
            } catch (error) {
                refused.push(...part.map((user) => ({ user, why: (error as Error).message })));
            }
            setDone(at + part.length);
        }
        await finish(users.length - refused.length, refused, t.deleted);
    };

    return (
        <>
            <div className={classes.bar} role="region" aria-label={t.title}>
                <strong className="number">{t.count(users.length)}</strong>
                {invited.length > 0 && (
                    <Button size="xs" variant="default" onClick={() => void resend()}>
                        {t.resend(invited.length)}
                    </Button>
                )}
                <Button size="xs" variant="default" onClick={() => setIsRoleOpen(true)}>
                    {t.appRole}
                </Button>
                {active.length > 0 && (
                    <Button size="xs" variant="default" onClick={() => void suspend()}>
                        {t.suspend}
                    </Button>
                )}
                <Button size="xs" color="danger" variant="outline" onClick={() => void remove()}>
                    {t.delete}
                </Button>
                <CloseButton size="sm" aria-label={t.clear} onClick={clear} />
            </div>
            <Modal opened={done !== null} onClose={() => undefined} withCloseButton={false} title={t.working}>
                <Progress value={((done ?? 0) / users.length) * 100} aria-label={t.working} />
                <p className="muted small number">{t.progress(done ?? 0, users.length)}</p>
            </Modal>
            <Modal opened={failed.length > 0} onClose={() => setFailed([])} title={t.failed(failed.length)}>
                <ul className={`plain ${classes.failed}`}>
                    {failed.map(({ user, why }) => (
                        <li key={user.id}>
                            <strong>{user.email}</strong>
                            <div className="muted small">{why}</div>
                        </li>
                    ))}
                </ul>
            </Modal>
            <AppRoleModal
                isOpen={isRoleOpen}
                close={() => setIsRoleOpen(false)}
                apply={(app, role) => {
                    setIsRoleOpen(false);
                    const params = (id: string) => ({ params: { path: { id, app } } });
                    void run(
                        users,
                        ({ id }) =>
                            role
                                ? answer(api.PUT("/v1/users/{id}/app-roles/{app}", { ...params(id), body: { role } }))
                                : answer(api.DELETE("/v1/users/{id}/app-roles/{app}", params(id))),
                        role ? t.roleSet : t.roleRemoved,
                    );
                }}
            />
        </>
    );
}

interface AppRoleModalProps {
    isOpen: boolean;
    close: () => void;
    /** Without a role, the one that users have in the app is taken away. */
    apply: (app: string, role: string | undefined) => void;
}

function AppRoleModal({ isOpen, close, apply }: AppRoleModalProps) {
    const apps = useQuery(appsQuery);
    const [slug, setSlug] = useState("");
    const [role, setRole] = useState("");
    const app = apps.data?.find((app) => app.slug === slug) ?? apps.data?.[0];
    return (
        <Modal opened={isOpen} onClose={close} title={t.appRole}>
            {app ? (
                <form
                    className="stack"
                    onSubmit={(event) => {
                        event.preventDefault();
                        const chosen = role === REMOVE ? undefined : app.roles.some(({ slug }) => slug === role) ? role : app.roles[0]?.slug;
                        apply(app.slug, chosen);
                    }}
                >
                    <NativeSelect
                        label={t.app}
                        value={app.slug}
                        onChange={(event) => setSlug(event.currentTarget.value)}
                        data={apps.data?.map(({ slug, name }) => ({ value: slug, label: name }))}
                    />
                    <NativeSelect
                        label={t.role}
                        value={role}
                        onChange={(event) => setRole(event.currentTarget.value)}
                        data={[...app.roles.map(({ slug, name }) => ({ value: slug, label: name })), { value: REMOVE, label: t.noRole }]}
                    />
                    <div className="row end">
                        <Button variant="default" onClick={close}>
                            {texts.common.cancel}
                        </Button>
                        <Button type="submit">{t.apply}</Button>
                    </div>
                </form>
            ) : (
                <p className="muted">{t.noApps}</p>
            )}
        </Modal>
    );
}

const REMOVE = "-";
