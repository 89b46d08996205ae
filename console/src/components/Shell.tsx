import { ActionIcon, Burger, Drawer, Menu, UnstyledButton } from "@mantine/core";
import {
    IconActivity,
    IconApps,
    IconChevronDown,
    IconInbox,
    IconLogout,
    IconMail,
    IconSettings,
    IconSun,
    IconUser,
    IconUsers,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link, NavLink, Outlet, useLocation, useNavigation } from "react-router";
import { emailSettingsQuery, mailboxQuery } from "../api/queries";
import { texts } from "../texts";
import { Avatar } from "./Avatar";
import { useMe, useSignOut } from "../session";
import { ColorScheme } from "./ColorScheme";
import { SignedIn } from "./guards";
import { Mark } from "./Mark";
import { Progress } from "./Progress";
import classes from "./Shell.module.css";

const t = texts.shell;

/** The frame of all pages behind the sign-in. */
export function Shell() {
    return (
        <SignedIn>
            <Frame />
        </SignedIn>
    );
}

function Frame() {
    const [isOpen, setIsOpen] = useState(false);
    const { pathname } = useLocation();
    const navigation = useNavigation();
    const [shownPath, setShownPath] = useState(pathname);
    if (shownPath !== pathname) {
        setShownPath(pathname);
        setIsOpen(false);
    }
    // Newer browsers answer with a promise, which is no way to clean up after an effect.
    useEffect(() => void window.scrollTo(0, 0), [pathname]);
    return (
        <div className={classes.shell}>
            <a className={classes.skip} href="#content">
                {t.skip}
            </a>
            <Progress isBusy={navigation.state !== "idle"} />
            <aside className={classes.sidebar}>
                <Navigation />
            </aside>
            <header className={classes.bar}>
                <Burger size="sm" opened={isOpen} onClick={() => setIsOpen(true)} aria-label={t.openMenu} />
                <Brand />
            </header>
            <Drawer
                opened={isOpen}
                onClose={() => setIsOpen(false)}
                size={264}
                padding={0}
                withCloseButton={false}
                title={t.menu}
                classNames={{ header: "hidden", body: classes.drawer }}
            >
                <Navigation />
            </Drawer>
            <main id="content" className={classes.content}>
                <Outlet />
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
    return (
        <li>
            <NavLink className={classes.item} to={to}>
                {Icon ? <Icon size={16} stroke={1.7} aria-hidden /> : <span className={classes.indent} />}
                {label}
            </NavLink>
        </li>
    );
}

function Me() {
    const me = useMe();
    const signOut = useSignOut();
    return (
        <div className={classes.me}>
            <Menu position="top-start" width={220} withinPortal>
                <Menu.Target>
                    <UnstyledButton className={classes.meButton}>
                        <Avatar name={me.name ?? me.email} />
                        <span className={classes.meName}>
                            <span className="truncate">{me.name ?? me.email}</span>
                            <span className="muted truncate">{me.email}</span>
                        </span>
                        <IconChevronDown size={14} aria-hidden />
                    </UnstyledButton>
                </Menu.Target>
                <Menu.Dropdown>
                    <Menu.Item component={Link} to="/account" leftSection={<IconUser size={15} />}>
                        {t.account}
                    </Menu.Item>
                    <Menu.Item leftSection={<IconLogout size={15} />} onClick={() => signOut.mutate()}>
                        {t.signOut}
                    </Menu.Item>
                </Menu.Dropdown>
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
