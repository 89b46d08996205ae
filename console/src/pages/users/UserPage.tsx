import { Button } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { navigate, useLocation } from "../../navigation";
import { answer, api } from "../../api/client";
import { isProblem } from "../../api/problem";
import { appsQuery, userQuery, type App, type User } from "../../api/queries";
import { Avatar } from "../../components/Avatar";
import { confirm } from "../../components/confirm";
import { DeliveryLabel, isUndelivered, RoleLabel, StatusLabel } from "../../components/labels";
import { Menu, MenuItem } from "../../components/Menu";
import { Page, Section, type Back } from "../../components/Page";
import { Empty, Unread } from "../../components/states";
import { toast } from "../../components/Toasts";
import { Tooltip } from "../../components/Tooltip";
import { useAction } from "../../form";
import { useMe } from "../../session";
import { texts } from "../../texts";
import { TimeAgo } from "../../time";
import table from "../../components/table.module.css";
import { UserActivity } from "./UserActivity";
import { AppRoleModal } from "./AppRoleModal";
import { InviteHistory } from "./InviteHistory";
import { ProfileForm } from "./ProfileForm";
import { CorrectAddressModal, LinkModal, ResetPasswordModal, SuspendModal } from "./modals";
import { UserSessions } from "./UserSessions";
import classes from "./UserPage.module.css";

const t = texts.user;

export default function UserPage() {
    const { id = "" } = useLocation().parameters;
    const user = useQuery(userQuery(id));
    const state = useLocation().state as { search?: string } | null;
    const back = { to: `/users${state?.search ?? ""}`, label: texts.users.title, state };
    if (user.data) return <Shown user={user.data} back={back} key={id} />;
    return (
        <Page title={texts.users.title} back={back}>
            {isProblem(user.error, "user-not-found") ? <Empty title={t.unknown} /> : <Unread of={user} />}
        </Page>
    );
}

type Open = "reset" | "suspend" | "link" | "correct";

function Shown({ user, back }: { user: User; back: Back }) {
    const me = useMe();
    const isAdmin = me.role === "admin";
    const isMe = me.id === user.id;
    const [open, setOpen] = useState<Open>();
    const close = () => setOpen(undefined);
    const name = user.name ?? user.email;
    return (
        <Page
            title={name}
            note={
                <span className={classes.status}>
                    <StatusLabel user={user} />
                </span>
            }
            lead={user.name ? user.email : undefined}
            back={back}
            actions={isAdmin && !isMe && <Actions user={user} open={setOpen} />}
        >
            <div className={classes.columns}>
                <div>
                    {isAdmin ? <ProfileForm user={user} isMe={isMe} /> : <Facts user={user} />}
                    <AppRolesSection user={user} />
                    {isAdmin && user.status !== "invited" && user.status !== "invite_expired" && <UserSessions user={user} />}
                    {isAdmin && <UserActivity user={user} />}
                    {isAdmin && !isMe && <Danger user={user} />}
                </div>
                <aside aria-label={t.about}>
                    {user.invite && <InviteSection user={user} open={setOpen} isAdmin={isAdmin} />}
                    <Section title={t.about}>
                        <dl className={classes.facts}>
                            <dt>{t.status}</dt>
                            <dd>
                                <StatusLabel user={user} />
                                {user.suspension?.reason && <div className="muted small">{user.suspension.reason}</div>}
                            </dd>
                            <dt>{texts.fields.role}</dt>
                            <dd>
                                <RoleLabel role={user.role} />
                            </dd>
                            <dt>{t.password}</dt>
                            <dd>{user.invite ? t.passwordNone : user.password_temporary ? t.passwordTemporary : t.passwordOwn}</dd>
                            <dt>{texts.users.lastSignIn}</dt>
                            <dd>
                                <TimeAgo at={user.last_sign_in_at} none={texts.users.never} />
                            </dd>
                            <dt>{texts.users.added}</dt>
                            <dd>
                                <TimeAgo at={user.created_at} />
                            </dd>
                            <dt>{t.changed}</dt>
                            <dd>
                                <TimeAgo at={user.updated_at} />
                            </dd>
                            <dt>{t.id}</dt>
                            <dd className={`mono ${classes.id}`}>{user.id}</dd>
                        </dl>
                    </Section>
                </aside>
            </div>
            <ResetPasswordModal user={user} isOpen={open === "reset"} close={close} />
            <SuspendModal user={user} isOpen={open === "suspend"} close={close} />
            <LinkModal user={user} isOpen={open === "link"} close={close} />
            <CorrectAddressModal user={user} isOpen={open === "correct"} close={close} />
        </Page>
    );
}

function useUserAction(user: User, act: () => Promise<unknown>, done: string) {
    return useAction(async () => {
        await act();
        toast(`${done} ${user.name ?? user.email}`);
    });
}

function Actions({ user, open }: { user: User; open: (open: Open) => void }) {
    const params = { params: { path: { id: user.id } } };
    const reactivate = useUserAction(user, () => answer(api.POST("/v1/users/{id}/reactivate", params)), t.reactivated);
    const unlock = useUserAction(user, () => answer(api.POST("/v1/users/{id}/unlock", params)), t.unlocked);
    const resend = useResend(user);
    if (user.invite) {
        return (
            <>
                <Button variant="default" onClick={() => open("link")}>
                    {t.copyLink}
                </Button>
                <Button loading={resend.isPending} onClick={() => resend.mutate()}>
                    {t.resend}
                </Button>
            </>
        );
    }
    return (
        <>
            {user.status === "suspended" && (
                <Button loading={reactivate.isPending} onClick={() => reactivate.mutate()}>
                    {t.reactivate}
                </Button>
            )}
            <Menu
                button={
                    <Button variant="default" rightSection={<IconChevronDown size={14} />}>
                        {t.actions}
                    </Button>
                }
            >
                <MenuItem act={() => open("reset")}>{t.resetPassword}</MenuItem>
                <MenuItem act={() => unlock.mutate()}>{t.unlock}</MenuItem>
                {user.status === "active" && (
                    <MenuItem danger act={() => open("suspend")}>
                        {t.suspend}
                    </MenuItem>
                )}
            </Menu>
        </>
    );
}

function useResend(user: User) {
    const params = { params: { path: { id: user.id } } };
    return useUserAction(user, () => answer(api.POST("/v1/users/{id}/invite", { ...params, body: {} })), t.resent);
}

function Facts({ user }: { user: User }) {
    return (
        <Section title={t.profile}>
            <div className={table.person}>
                <Avatar name={user.name ?? user.email} size={40} />
                <span>
                    <strong>{user.name ?? "–"}</strong>
                    <span className="muted">{user.email}</span>
                </span>
            </div>
        </Section>
    );
}

function InviteSection({ user, open, isAdmin }: { user: User; open: (open: Open) => void; isAdmin: boolean }) {
    const invite = user.invite!;
    const revoke = useAction(async () => {
        await answer(api.DELETE("/v1/users/{id}/invite", { params: { path: { id: user.id } } }));
        await navigate("/users", { replace: true });
        toast(t.revoked(user.email));
    });
    const ask = async () => {
        if (await confirm({ title: t.revokeTitle, body: t.revokeBody(user.email), confirm: t.revoke, danger: true })) revoke.mutate();
    };
    return (
        <Section
            title={t.invite}
            actions={
                isAdmin && (
                    <Button size="compact-xs" variant="subtle" color="danger" loading={revoke.isPending} onClick={() => void ask()}>
                        {t.revoke}
                    </Button>
                )
            }
        >
            <dl className={classes.facts}>
                <dt>{t.invitedBy}</dt>
                <dd className={classes.id}>{invite.invited_by}</dd>
                <dt>{t.mail}</dt>
                <dd>
                    <DeliveryLabel user={user} always />
                    {invite.delivery_detail && <div className="muted small">{invite.delivery_detail}</div>}
                    {isAdmin && isUndelivered(user) && (
                        <Button size="compact-xs" variant="default" onClick={() => open("correct")}>
                            {texts.correctModal.open}
                        </Button>
                    )}
                </dd>
                <dt>{t.sent}</dt>
                <dd>
                    <TimeAgo at={invite.sent_at} none={t.notSent} />
                    {invite.times_sent > 1 && <span className="muted"> · {t.times(invite.times_sent)}</span>}
                </dd>
                <dt>{user.status === "invite_expired" ? t.expired : t.expires}</dt>
                <dd>
                    <TimeAgo at={invite.expires_at} />
                </dd>
                {invite.renewal_requested_at && (
                    <>
                        <dt>{t.renewalRequested}</dt>
                        <dd>
                            <TimeAgo at={invite.renewal_requested_at} />
                        </dd>
                    </>
                )}
            </dl>
            {isAdmin && <InviteHistory user={user} />}
        </Section>
    );
}

function AppRolesSection({ user }: { user: User }) {
    const apps = useQuery(appsQuery);
    const [app, setApp] = useState<App>();
    return (
        <Section title={t.appRoles} lead={t.appRolesLead} flush>
            {apps.data === undefined ? (
                <Unread of={apps} />
            ) : apps.data.length === 0 ? (
                <Empty title={t.noApps}>{t.noAppsLead}</Empty>
            ) : (
                <div className={table.scroll}>
                    <table className={table.table}>
                        <thead>
                            <tr>
                                <th>{t.app}</th>
                                <th>{texts.fields.role}</th>
                                <th>
                                    <span className="hidden">{t.change}</span>
                                </th>
                            </tr>
                        </thead>
                        <tbody>
                            {apps.data.map((app) => {
                                const role = app.roles.find(({ slug }) => slug === user.app_roles[app.slug]);
                                return (
                                    <tr key={app.slug} data-link>
                                        <td>
                                            <button className={`${table.cover} ${classes.plain}`} onClick={() => setApp(app)}>
                                                {app.name}
                                            </button>
                                        </td>
                                        <td>
                                            {role?.description ? (
                                                <Tooltip text={role.description}>{role.name}</Tooltip>
                                            ) : (
                                                (role?.name ?? <span className="muted">{texts.fields.noAccess}</span>)
                                            )}
                                        </td>
                                        <td className={`${table.right} muted small`}>{t.change}</td>
                                    </tr>
                                );
                            })}
                        </tbody>
                    </table>
                </div>
            )}
            <AppRoleModal user={user} app={app} close={() => setApp(undefined)} />
        </Section>
    );
}

function Danger({ user }: { user: User }) {
    const remove = useAction(async () => {
        await answer(api.DELETE("/v1/users/{id}", { params: { path: { id: user.id } } }));
        await navigate("/users", { replace: true });
        toast(t.deleted(user.email));
    });
    const ask = async () => {
        const isSure = await confirm({
            title: t.deleteTitle(user.name ?? user.email),
            body: t.deleteBody,
            confirm: t.delete,
            danger: true,
            typed: user.email,
        });
        if (isSure) remove.mutate();
    };
    return (
        <Section title={t.danger} danger>
            <div className="row spread">
                <p className="muted">{t.dangerLead}</p>
                <Button color="danger" variant="outline" loading={remove.isPending} onClick={() => void ask()}>
                    {t.delete}
                </Button>
            </div>
        </Section>
    );
}
