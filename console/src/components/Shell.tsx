import { ActionIcon, UnstyledButton } from "@mantine/core";
import {
    IconActivity,
    IconApps,
    IconChevronDown,
    IconInbox,
    IconLogout,
    IconMail,
    IconMenu2,
    IconSettings,
    IconSun,
    IconUser,
    IconUsers,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState, type PropsWithChildren } from "react";
import { Link, useIsMoving, useLocation } from "../navigation";
import { emailSettingsQuery, mailboxQuery } from "../api/queries";
import { texts } from "../texts";
import { Avatar } from "./Avatar";
import { forgetDrafts } from "../form";
import { useMe, useSignOut } from "../session";
import { ColorScheme } from "./ColorScheme";
import { SignedIn } from "./guards";
import { Mark } from "./Mark";
import { Menu, MenuItem } from "./Menu";
import { Progress } from "./Progress";
import classes from "./Shell.module.css";

const t = texts.shell;

/** The frame of all pages behind the sign-in. */
export function Shell({ children }: PropsWithChildren) {
    return (
        <SignedIn>
            <Frame>{children}</Frame>
        </SignedIn>
    );
}

function Frame({ children }: PropsWithChildren) {
    const { id } = useMe();
    const [whose] = useState(id);
    useEffect(() => {
        // Somebody else has signed in, in another tab: they begin anew, without what was read for another.
        if (id === whose) return;
        forgetDrafts();
        location.assign("/");
    }, [id, whose]);
    const sidebar = useRef<HTMLElement>(null);
    const { pathname } = useLocation();
    const isMoving = useIsMoving();
    useEffect(() => {
        sidebar.current?.hidePopover();
        window.scrollTo(0, 0);
    }, [pathname]);
    return (
        <div className={classes.shell}>
            <a className={classes.skip} href="#content">
                {t.skip}
            </a>
            <Progress isBusy={isMoving} />
            <header className={classes.bar}>
                <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t.openMenu} popoverTarget="navigation">
                    <IconMenu2 size={20} />
                </ActionIcon>
                <Brand />
            </header>
            {/* On a phone it opens above the page. */}
            <aside
                ref={sidebar}
                id="navigation"
                popover="auto"
                className={classes.sidebar}
                onBlur={({ currentTarget, relatedTarget }) => {
                    if (relatedTarget && !currentTarget.contains(relatedTarget)) currentTarget.hidePopover();
                }}
            >
                <Navigation />
            </aside>
            <main id="content" className={classes.content}>
                {children}
            </main>
        </div>
    );
}

function Brand() {
    const { data } = useQuery({ ...emailSettingsQuery, enabled: useMe().role === "admin" });
    return (
        <Link className={classes.brand} to="/">
            <Mark />
            <span className="truncate">{data?.company ?? "Roster"}</span>
        </Link>
    );
}

function Navigation() {
    const me = useMe();
    const mailbox = useQuery(mailboxQuery);
    const isAdmin = me.role === "admin";
    const isBuilder = isAdmin || me.role === "builder";
    return (
        <div className={classes.navigation}>
            <Brand />
            <nav aria-label={t.navigation}>
                {isBuilder && (
                    <ul className="plain">
                        <Item to="/users" icon={IconUsers} label={t.users} />
                        {isAdmin && <Item to="/invites" icon={IconMail} label={t.invites} />}
                        <Item to="/apps" icon={IconApps} label={t.apps} />
                        {isAdmin && <Item to="/activity" icon={IconActivity} label={t.activity} />}
                    </ul>
                )}
                {isAdmin && (
                    <>
                        <h2 className={classes.group}>
                            <IconSettings size={14} aria-hidden /> {t.settings}
                        </h2>
                        <ul className="plain">
                            <Item to="/settings/email" label={t.email} />
                            <Item to="/settings/templates" label={t.templates} />
                            <Item to="/settings/security" label={t.security} />
                            <Item to="/settings/api-keys" label={t.apiKeys} />
                            <Item to="/settings/webhooks" label={t.webhooks} />
                        </ul>
                    </>
                )}
                <ul className={`plain ${classes.last}`}>
                    <Item to="/account" icon={IconUser} label={t.account} />
                    {mailbox.data && <Item to="/mailbox" icon={IconInbox} label={t.mailbox} />}
                </ul>
            </nav>
            <Me />
        </div>
    );
}

function Item({ to, label, icon: Icon }: { to: string; label: string; icon?: typeof IconUsers }) {
    const { pathname } = useLocation();
    const isHere = pathname === to || pathname.startsWith(`${to}/`);
    return (
        <li>
            <Link className={classes.item} to={to} aria-current={isHere ? "page" : undefined}>
                {Icon ? <Icon size={16} stroke={1.7} aria-hidden /> : <span className={classes.indent} />}
                {label}
            </Link>
        </li>
    );
}

function Me() {
    const me = useMe();
    const signOut = useSignOut();
    return (
        <div className={classes.me}>
            <Menu
                button={
                    <UnstyledButton className={classes.meButton}>
                        <Avatar name={me.name ?? me.email} />
                        <span className={classes.meName}>
                            <span className="truncate">{me.name ?? me.email}</span>
                            <span className="muted truncate">{me.email}</span>
                        </span>
                        <IconChevronDown size={14} aria-hidden />
                    </UnstyledButton>
                }
            >
                <MenuItem icon={<IconUser size={15} />} to="/account">
                    {t.account}
                </MenuItem>
                <MenuItem icon={<IconLogout size={15} />} act={() => signOut.mutate()}>
                    {t.signOut}
                </MenuItem>
            </Menu>
            <ColorScheme>
                {(change, label) => (
                    <ActionIcon variant="subtle" color="gray" onClick={change} aria-label={label} title={label}>
                        <IconSun size={16} />
                    </ActionIcon>
                )}
            </ColorScheme>
        </div>
    );
}
