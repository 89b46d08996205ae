import { Button, CloseButton, Modal, NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client";
import { appsQuery, type App, type User } from "../../api/queries";
import { confirm } from "../../components/confirm";
import { texts } from "../../texts";
import { useBulk } from "./bulk";
import classes from "./BulkBar.module.css";

const t = texts.bulk;

/** What is done to many users at once. Those whom it was refused for stay selected. */
export default function BulkBar({ users, select }: { users: User[]; select: (users: User[]) => void }) {
    const { run, each, shown } = useBulk(select);
    const [isRoleOpen, setIsRoleOpen] = useState(false);
    const invited = users.filter(({ status }) => status === "invited" || status === "invite_expired");
    const active = users.filter(({ status }) => status === "active");
    const suspended = users.filter(({ status }) => status === "suspended");
    const of = ({ id }: User) => ({ params: { path: { id } } });

    const resend = () => each(invited, (user) => answer(api.POST("/v1/users/{id}/invite", { ...of(user), body: {} })), t.resent);
    const suspend = async () => {
        const isSure = await confirm({ title: t.suspendTitle(active.length), body: t.suspendBody, confirm: t.suspend, danger: true });
        if (isSure) await each(active, (user) => answer(api.POST("/v1/users/{id}/suspend", { ...of(user), body: {} })), t.suspended);
    };
    const reactivate = () => each(suspended, (user) => answer(api.POST("/v1/users/{id}/reactivate", of(user))), t.reactivated);
    const remove = async () => {
        const isSure = await confirm({
            title: t.deleteTitle(users.length),
            body: t.deleteBody,
            confirm: t.delete,
            danger: true,
            typed: users.length > 1 ? String(users.length) : undefined,
        });
        if (!isSure) return;
        const deleted = async (part: User[]) => {
            const { results } = await answer(api.POST("/v1/users/batch-delete", { body: { ids: part.map(({ id }) => id) } }));
            return part.flatMap((user, at) => (results[at]?.outcome === "refused" ? { user, why: results[at].detail ?? t.refused } : []));
        };
        await run(users, 25, deleted, t.deleted);
    };
    const setRole = async ({ slug: app, name }: App, role: string | undefined) => {
        setIsRoleOpen(false);
        const params = ({ id }: User) => ({ params: { path: { id, app } } });
        if (role) {
            await each(users, (user) => answer(api.PUT("/v1/users/{id}/app-roles/{app}", { ...params(user), body: { role } })), t.roleSet);
            return;
        }
        const isSure = await confirm({ title: t.removeTitle(users.length, name), body: t.removeBody, confirm: t.remove, danger: true });
        if (isSure) await each(users, (user) => answer(api.DELETE("/v1/users/{id}/app-roles/{app}", params(user))), t.roleRemoved);
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
                {suspended.length > 0 && (
                    <Button size="xs" variant="default" onClick={() => void reactivate()}>
                        {texts.user.reactivate}
                    </Button>
                )}
                <Button size="xs" color="danger" variant="outline" onClick={() => void remove()}>
                    {t.delete}
                </Button>
                <CloseButton size="sm" aria-label={t.clear} onClick={() => select([])} />
            </div>
            {shown}
            <AppRoleModal isOpen={isRoleOpen} close={() => setIsRoleOpen(false)} apply={(app, role) => void setRole(app, role)} />
        </>
    );
}

interface AppRoleModalProps {
    isOpen: boolean;
    close: () => void;
    /** Without a role, the one that users have in the app is taken away. */
    apply: (app: App, role: string | undefined) => void;
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
                        apply(app, chosen);
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
