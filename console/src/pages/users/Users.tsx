import { Button, NativeSelect, TextInput, UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconDownload, IconFileImport, IconKey, IconMail, IconPlus, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, startTransition, Suspense, useDeferredValue, useEffect, useRef, useState } from "react";
import { Link, useLocation } from "../../navigation";
import { appsQuery, summaryQuery, usersQuery, type User } from "../../api/queries";
import { exportUsers } from "../../api/export";
import { isProblem } from "../../api/problem";
import { Avatar } from "../../components/Avatar";
import { Check } from "../../components/Check";
import { AppRoles, DeliveryLabel, RoleLabel, StatusLabel } from "../../components/labels";
import { Menu, MenuItem } from "../../components/Menu";
import { Page } from "../../components/Page";
import { Empty, Failure, Loading } from "../../components/states";
import table from "../../components/table.module.css";
import { toast } from "../../components/Toasts";
import { download, parseCsv } from "../../csv";
import { useAction } from "../../form";
import { useIsAdmin } from "../../session";
import { texts } from "../../texts";
import { TimeAgo } from "../../time";
import { useUrl } from "../../url";
import { filterOf, ROLES, STATUSES } from "./filter";
import classes from "./Users.module.css";

// Not needed for what is seen first.
const AddUsers = lazy(() => import("./AddUsers"));
const BulkBar = lazy(() => import("./BulkBar"));

const t = texts.users;

export default function Users() {
    const url = useUrl();
    const isAdmin = useIsAdmin();
    const filter = filterOf(url.get);
    const users = useQuery(usersQuery(filter));
    // Rows are drawn between the letters that somebody types, and never before them.
    const page = useDeferredValue(users.data, undefined);
    const [selected, setSelected] = useState<ReadonlyMap<string, User>>(new Map());
    // From the first time on: it fades out.
    const [isAdding, setIsAdding] = useState(false);
    if (url.get("add") && !isAdding) setIsAdding(true);
    const clear = (
        <Button variant="default" component={Link} to="/users">
            {t.clear}
        </Button>
    );
    const isBusy = users.isPlaceholderData || page !== users.data;
    const isFiltered = Boolean(filter.q ?? filter.status ?? filter.role ?? filter.app);

    return (
        <Page
            title={t.title}
            actions={
                isAdmin && (
                    <>
                        <More />
                        <Menu button={<Button leftSection={<IconPlus size={16} />}>{t.add}</Button>}>
                            <MenuItem icon={<IconMail size={16} />} act={() => url.change({ add: "email" })}>
                                {t.addByEmail}
                                <div className="muted small">{t.addByEmailLead}</div>
                            </MenuItem>
                            <MenuItem icon={<IconKey size={16} />} act={() => url.change({ add: "password" })}>
                                {t.addByPassword}
                                <div className="muted small">{t.addByPasswordLead}</div>
                            </MenuItem>
                        </Menu>
                    </>
                )
            }
        >
            <Filters />
            <div className={classes.card} aria-busy={isBusy}>
                {isProblem(users.error, "invalid-fields") ? (
                    <Empty title={t.unclear} action={clear} />
                ) : users.error ? (
                    <Failure error={users.error} retry={() => void users.refetch()} />
                ) : page === undefined ? (
                    <Loading rows={10} />
                ) : page.items.length === 0 ? (
                    <Empty
                        title={isFiltered ? t.noneFound : t.none}
                        action={
                            isFiltered ? clear : isAdmin && <Button onClick={() => url.change({ add: "email" })}>{t.add}</Button>
                        }
                    >
                        {isFiltered ? t.noneFoundLead : t.noneLead}
                    </Empty>
                ) : (
                    <>
                        <Table users={page.items} selected={selected} select={isAdmin ? setSelected : undefined} />
                        <Paging count={page.items.length} next={page.next_cursor ?? undefined} isBusy={isBusy} />
                    </>
                )}
            </div>
            {isAdmin && (
                <Suspense>
                    {selected.size > 0 && <BulkBar users={[...selected.values()]} select={(users) => setSelected(new Map(users.map((user) => [user.id, user])))} />}
                    {isAdding && <AddUsers />}
                </Suspense>
            )}
        </Page>
    );
}

function More() {
    const save = useAction(async () => {
        const csv = await exportUsers();
        download("users.csv", csv);
        toast(t.exported(parseCsv(csv).length - 1));
    });
    return (
        <>
            <Button variant="default" leftSection={<IconDownload size={16} />} loading={save.isPending} onClick={() => save.mutate()}>
                {t.export}
            </Button>
            <Button variant="default" component={Link} to="/users/import" leftSection={<IconFileImport size={16} />}>
                {t.import}
            </Button>
        </>
    );
}

function Filters() {
    const url = useUrl();
    const isAdmin = useIsAdmin();
    const summary = useQuery(summaryQuery);
    const apps = useQuery(appsQuery);
    const now = filterOf(url.get);
    const filter = (parts: Record<string, string | undefined>, how?: { replace: boolean }) => url.change({ ...parts, cursor: undefined }, how);
    const app = apps.data?.find((app) => app.slug === now.app);
    return (
        <div className={classes.filters}>
            <div className={classes.tabs} role="group" aria-label={t.byStatus}>
                {[undefined, ...STATUSES].map((status) => {
                    const count = status ? summary.data?.by_status[status] : summary.data?.total;
                    return (
                        <UnstyledButton
                            key={status ?? "all"}
                            className={classes.tab}
                            aria-pressed={now.status === status}
                            onClick={() => filter({ status })}
                        >
                            {status ? texts.status[status] : t.all}
                            <span className={classes.count}>{count?.toLocaleString("en")}</span>
                        </UnstyledButton>
                    );
                })}
            </div>
            <div className={classes.selects}>
                <Search value={now.q ?? ""} onChange={(q) => filter({ q }, { replace: Boolean(now.q) })} />
                <NativeSelect
                    aria-label={t.byRole}
                    value={now.role ?? ""}
                    onChange={(event) => filter({ role: event.currentTarget.value })}
                    data={[
                        { value: "", label: t.anyRole },
                        ...ROLES.map((role) => ({ value: role, label: texts.role[role] })),
                    ]}
                />
                <NativeSelect
                    className={classes.app}
                    aria-label={t.byApp}
                    value={app?.slug ?? ""}
                    onChange={(event) => filter({ app: event.currentTarget.value, app_role: undefined })}
                    data={[
                        { value: "", label: t.anyApp },
                        ...(apps.data ?? []).map(({ slug, name }) => ({ value: slug, label: name })),
                    ]}
                />
                {app && (
                    <NativeSelect
                        aria-label={t.byAppRole}
                        value={now.app_role ?? ""}
                        onChange={(event) => filter({ app_role: event.currentTarget.value })}
                        data={[
                            { value: "", label: t.anyAppRole },
                            ...app.roles.map(({ slug, name }) => ({ value: slug, label: name })),
                        ]}
                    />
                )}
            </div>
            {!isAdmin && <p className="muted small">{t.readOnly}</p>}
        </div>
    );
}

/** Searches while somebody types, a moment after each letter. "/" leads here. */
function Search({ value, onChange }: { value: string; onChange: (value: string) => void }) {
    const [typed, setTyped] = useState(value);
    const [applied, setApplied] = useState(value);
    const input = useRef<HTMLInputElement>(null);
    const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
    if (value !== applied) {
        // The address changed by itself: a step back, or a link that clears the filters.
        setApplied(value);
        setTyped(value);
    }
    useEffect(() => {
        const focus = (event: KeyboardEvent) => {
            const isTyping = event.target instanceof HTMLElement && event.target.closest("input, textarea, select, [role=dialog]");
            if (event.key === "/" && !isTyping) {
                event.preventDefault();
                input.current?.focus();
            }
        };
        document.addEventListener("keydown", focus);
        return () => document.removeEventListener("keydown", focus);
    }, []);
    useEffect(() => () => clearTimeout(timer.current), []);
    return (
        <TextInput
            ref={input}
            type="search"
            className={classes.search}
            aria-label={t.search}
            placeholder={t.search}
            leftSection={<IconSearch size={15} aria-hidden />}
            value={typed}
            onChange={(event) => {
                const text = event.currentTarget.value;
                setTyped(text);
                clearTimeout(timer.current);
                timer.current = setTimeout(() => {
                    setApplied(text.trim());
                    onChange(text.trim());
                }, 120);
            }}
        />
    );
}

interface TableProps {
    users: User[];
    selected: ReadonlyMap<string, User>;
    select?: (selected: ReadonlyMap<string, User>) => void;
}

function Table({ users, selected, select }: TableProps) {
    const url = useUrl();
    const { search, state } = useLocation();
    // What fits a screen is shown at once, the rest a moment later.
    const [isWhole, setIsWhole] = useState(false);
    useEffect(() => startTransition(() => setIsWhole(true)), []);
    const all = users.every(({ id }) => selected.has(id));
    const set = (change: User[], isSelected: boolean) => {
        const next = new Map(selected);
        for (const user of change) {
            if (isSelected) next.set(user.id, user);
            else next.delete(user.id);
        }
        select?.(next);
    };
    const { q, sort = "email" } = filterOf(url.get);
    const isSearched = q !== undefined;
    const sortable = (by: string, label: string) =>
        isSearched ? (
            label
        ) : (
            <UnstyledButton className={table.sort} onClick={() => url.change({ sort: by === "email" ? undefined : by, cursor: undefined })}>
                {label}
                {sort === by && <IconArrowDown size={12} aria-hidden />}
            </UnstyledButton>
        );
    const sorted = (by: string) => (!isSearched && sort === by ? (by.startsWith("-") ? "descending" : "ascending") : undefined);
    return (
        <div className={table.scroll}>
            <table className={table.table}>
                <caption className="hidden">{t.title}</caption>
                <thead>
                    <tr>
                        {select && (
                            <th className={table.check}>
                                <Check
                                    label={t.selectAll}
                                    checked={all}
                                    mixed={!all && users.some(({ id }) => selected.has(id))}
                                    onChange={() => set(users, !all)}
                                />
                            </th>
                        )}
                        <th aria-sort={sorted("name") ?? sorted("email")}>
                            {sortable("name", t.name)} <span aria-hidden>·</span> {sortable("email", t.email)}
                        </th>
                        <th>{t.status}</th>
                        <th className={table.optional}>{t.role}</th>
                        <th className={table.optional}>{t.apps}</th>
                        <th className={table.optional}>{t.lastSignIn}</th>
                        <th className={table.optional} aria-sort={sorted("-created_at")}>
                            {sortable("-created_at", t.added)}
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {users.slice(0, isWhole ? undefined : 16).map((user) => (
                        <tr key={user.id} data-link data-selected={selected.has(user.id)}>
                            {select && (
                                <td className={table.check}>
                                    <Check
                                        label={t.select(user.name ?? user.email)}
                                        checked={selected.has(user.id)}
                                        onChange={(isSelected) => set([user], isSelected)}
                                    />
                                </td>
                            )}
                            <td>
                                <span className={table.person}>
                                    <Avatar name={user.name ?? user.email} />
                                    <span>
                                        <Link className={`${table.cover} truncate`} to={`/users/${user.id}`} state={{ ...(state as object | null), search }}>
                                            {user.name ?? user.email}
                                        </Link>
                                        {user.name && <span className="muted small truncate">{user.email}</span>}
                                    </span>
                                </span>
                            </td>
                            <td className={table.nowrap}>
                                <span className={classes.states}>
                                    <StatusLabel user={user} />
                                    <DeliveryLabel user={user} />
                                </span>
                            </td>
                            <td className={table.optional}>
                                <RoleLabel role={user.role} />
                            </td>
                            <td className={table.optional}>
                                <AppRoles roles={user.app_roles} />
                            </td>
                            <td className={`${table.optional} ${table.nowrap}`}>
                                <TimeAgo at={user.last_sign_in_at} none={t.never} />
                            </td>
                            <td className={`${table.optional} ${table.nowrap}`}>
                                <TimeAgo at={user.created_at} />
                            </td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

/** Goes through the pages. A cursor leads forwards only; the way back is kept with the entry of the history. */
function Paging({ count, next, isBusy }: { count: number; next: string | undefined; isBusy: boolean }) {
    const url = useUrl();
    const way = (useLocation().state as { way?: (string | null)[] } | null)?.way ?? [];
    const cursor = url.get("cursor");
    if (!cursor && !next) return <div className={table.foot}>{t.count(count)}</div>;
    const first = way.length * 50 + 1;
    return (
        <nav className={table.foot} aria-label={t.pages}>
            <span className="muted number">{!cursor || way.length > 0 ? t.range(first, first + count - 1) : t.count(count)}</span>
            <span className="row">
                <Button
                    size="xs"
                    variant="default"
                    {...closedIf(!cursor)}
                    onClick={() => cursor && url.change({ cursor: way.at(-1) ?? undefined }, { state: { way: way.slice(0, -1) } })}
                >
                    {way.length > 0 || !cursor ? t.previous : t.first}
                </Button>
                <Button
                    size="xs"
                    variant="default"
                    {...closedIf(!next)}
                    onClick={() => {
                        // While a page is on its way, what is shown is the one before.
                        if (!next || isBusy) return;
                        url.change({ cursor: next }, { state: { way: [...way, cursor ?? null] } });
                        window.scrollTo(0, 0);
                    }}
                >
                    {t.next}
                </Button>
            </span>
        </nav>
    );
}

/** A button that leads no further keeps the focus. */
const closedIf = (isClosed: boolean) => (isClosed ? { "data-disabled": true, "aria-disabled": true } : {});
