import { Button, UnstyledButton } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "../navigation";
import { answer, api } from "../api/client";
import { invitesQuery, type User } from "../api/queries";
import { Avatar } from "../components/Avatar";
import { Check } from "../components/Check";
import { confirm } from "../components/confirm";
import { DeliveryLabel, isUndelivered, StatusLabel } from "../components/labels";
import { Page } from "../components/Page";
import { Empty, Shown } from "../components/states";
import table from "../components/table.module.css";
import { texts } from "../texts";
import { TimeAgo } from "../time";
import { useUrl } from "../url";
import { useBulk } from "./users/bulk";
import { CorrectAddressModal } from "./users/modals";
import users from "./users/Users.module.css";

const t = texts.invites;
const TABS = ["all", "invited", "invite_expired", "undelivered", "renewal"] as const;

/** What the API sorts out. Who asks for a new link is sorted out here. */
const FILTERS: Record<(typeof TABS)[number], Parameters<typeof invitesQuery>[0]> = {
    all: {},
    invited: { status: "invited" },
    invite_expired: { status: "invite_expired" },
    undelivered: { delivery: "bounced,complained,failed" },
    renewal: {},
};

export default function Invites() {
    const url = useUrl();
    const tab = TABS.find((tab) => tab === url.get("show")) ?? "all";
    const invites = useInfiniteQuery(invitesQuery(FILTERS[tab]));
    const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
    const { each, shown } = useBulk((refused) => setSelected(new Set(refused.map(({ id }) => id))));
    const [corrected, setCorrected] = useState<{ user: User; isOpen: boolean }>();

    const resend = (chosen: User[]) =>
        each(chosen, ({ id }) => answer(api.POST("/v1/users/{id}/invite", { params: { path: { id } }, body: {} })), texts.bulk.resent);
    const revoke = async (chosen: User[]) => {
        const isSure = await confirm({ title: t.revokeTitle(chosen.length), body: t.revokeBody, confirm: texts.user.revoke, danger: true });
        if (isSure) await each(chosen, ({ id }) => answer(api.DELETE("/v1/users/{id}/invite", { params: { path: { id } } })), t.revoked);
    };

    return (
        <Page
            title={t.title}
            lead={t.lead}
            actions={
                <Button component={Link} to="/users?add=email">
                    {t.invite}
                </Button>
            }
        >
            <div className={users.filters}>
                <div className={users.tabs} role="group" aria-label={t.show}>
                    {TABS.map((name) => (
                        <UnstyledButton
                            key={name}
                            className={users.tab}
                            aria-pressed={tab === name}
                            onClick={() => {
                                setSelected(new Set());
                                url.change({ show: name === "all" ? undefined : name });
                            }}
                        >
                            {t.tabs[name]}
                        </UnstyledButton>
                    ))}
                </div>
            </div>
            <div className={users.card} aria-busy={invites.isPlaceholderData}>
                <Shown of={invites} rows={8}>
                    {({ pages }) => {
                        const items = pages.flatMap(({ items }) => items).filter(({ invite }) => tab !== "renewal" || invite?.renewal_requested_at);
                        if (items.length === 0) {
                            return (
                                <Empty
                                    title={t.none[tab]}
                                    action={
                                        tab === "all" && (
                                            <Button component={Link} to="/users?add=email">
                                                {t.invite}
                                            </Button>
                                        )
                                    }
                                >
                                    {tab === "all" ? t.noneLead : null}
                                </Empty>
                            );
                        }
                        const chosen = items.filter(({ id }) => selected.has(id));
                        return (
                            <>
                                <div className={table.scroll}>
                                    <table className={table.table}>
                                        <thead>
                                            <tr>
                                                <th className={table.check}>
                                                    <Check
                                                        label={texts.users.selectAll}
                                                        checked={chosen.length === items.length}
                                                        mixed={chosen.length > 0 && chosen.length < items.length}
                                                        onChange={(isSelected) => setSelected(new Set(isSelected ? items.map(({ id }) => id) : []))}
                                                    />
                                                </th>
                                                <th>{t.invitee}</th>
                                                <th className={table.optional}>{texts.users.status}</th>
                                                <th>{texts.user.mail}</th>
                                                <th className={table.optional}>{texts.user.sent}</th>
                                                <th className={table.optional}>{texts.user.expires}</th>
                                                <th className={table.optional}>{texts.user.invitedBy}</th>
                                            </tr>
                                        </thead>
                                        <tbody>
                                            {items.map((user) => (
                                                <tr key={user.id} data-link data-selected={selected.has(user.id)}>
                                                    <td className={table.check}>
                                                        <Check
                                                            label={texts.users.select(user.name ?? user.email)}
                                                            checked={selected.has(user.id)}
                                                            onChange={(isSelected) => {
                                                                const others = [...selected].filter((id) => id !== user.id);
                                                                setSelected(new Set(isSelected ? [...others, user.id] : others));
                                                            }}
                                                        />
                                                    </td>
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
                                                    <td className={table.optional}>
                                                        <StatusLabel user={user} />
                                                    </td>
                                                    <td className={table.told}>
                                                        <DeliveryLabel user={user} always />
                                                        {isUndelivered(user) && (
                                                            <>
                                                                <div className="muted small">{user.invite?.delivery_detail}</div>
                                                                <Button
                                                                    className={table.above}
                                                                    size="compact-xs"
                                                                    variant="default"
                                                                    onClick={() => setCorrected({ user, isOpen: true })}
                                                                >
                                                                    {texts.correctModal.open}
                                                                </Button>
                                                            </>
                                                        )}
                                                    </td>
                                                    <td className={`${table.optional} ${table.nowrap}`}>
                                                        <TimeAgo at={user.invite?.sent_at} none={texts.user.notSent} />
                                                    </td>
                                                    <td className={`${table.optional} ${table.nowrap}`}>
                                                        <TimeAgo at={user.invite?.expires_at} />
                                                    </td>
                                                    <td className={table.optional}>{user.invite?.invited_by}</td>
                                                </tr>
                                            ))}
                                        </tbody>
                                    </table>
                                </div>
                                <div className={table.foot}>
                                    <span className="row">
                                        <span className="muted number">{chosen.length > 0 ? texts.bulk.count(chosen.length) : t.count(items.length)}</span>
                                        {chosen.length > 0 && (
                                            <>
                                                <Button size="xs" variant="default" onClick={() => void resend(chosen)}>
                                                    {texts.bulk.resend(chosen.length)}
                                                </Button>
                                                <Button size="xs" variant="outline" color="danger" onClick={() => void revoke(chosen)}>
                                                    {texts.user.revoke}
                                                </Button>
                                            </>
                                        )}
                                    </span>
                                    {invites.hasNextPage && (
                                        <Button size="xs" variant="default" loading={invites.isFetchingNextPage} onClick={() => void invites.fetchNextPage()}>
                                            {texts.common.more}
                                        </Button>
                                    )}
                                </div>
                            </>
                        );
                    }}
                </Shown>
            </div>
            {shown}
            {corrected && <CorrectAddressModal {...corrected} close={() => setCorrected({ ...corrected, isOpen: false })} />}
        </Page>
    );
}
