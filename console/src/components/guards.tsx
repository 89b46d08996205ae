import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link, Navigate } from "../navigation";
import { sessionQuery, setupQuery, type Role } from "../api/queries";
import { texts } from "../texts";
import { signInPath, useMe } from "../session";
import { GuestPage } from "./GuestPage";
import { Page } from "./Page";
import { Empty, Splash, Unread } from "./states";

const t = texts.notForAll;

/** Only somebody who is signed in gets past; everybody else is led to where they can. */
export function SignedIn({ children }: { children: ReactNode }) {
    const session = useQuery(sessionQuery);
    const setup = useQuery({ ...setupQuery, enabled: session.data === null });
    const failed = session.error ? session : setup;
    if (session.data?.password_change_required) return <Navigate to="/change-password" />;
    if (session.data) return children;
    if (failed.error) {
        return (
            <GuestPage title={texts.broken.noAnswer}>
                <Unread of={failed} />
            </GuestPage>
        );
    }
    if (session.data === undefined || setup.data === undefined) return <Splash />;
    if (setup.data.required) return <Navigate to="/setup" />;
    return <Navigate to={signInPath()} />;
}

/** Only people with one of the roles get past; everybody else is told whom the page is for. */
export function SeenBy({ roles, children }: { roles: readonly Role[]; children: ReactNode }) {
    if (roles.includes(useMe().role)) return children;
    return (
        <Page title={t.title}>
            <Empty
                title={t.what(roles.includes("builder"))}
                action={
                    <Button component={Link} to="/">
                        {texts.missing.home}
                    </Button>
                }
            >
                {t.lead}
            </Empty>
        </Page>
    );
}

