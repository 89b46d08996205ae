import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Navigate, useLocation } from "../navigation";
import { sessionQuery, setupQuery } from "../api/queries";
import { texts } from "../texts";
import { GuestPage } from "./GuestPage";
import { Splash, Unread } from "./states";

/** Only somebody who is signed in gets past; everybody else is led to where they can. */
export function SignedIn({ children }: { children: ReactNode }) {
    const { pathname, search } = useLocation();
    const session = useQuery(sessionQuery);
    const setup = useQuery({ ...setupQuery, enabled: session.data === null });
    const failed = session.error ? session : setup;
    if (failed.error) {
        return (
            <GuestPage title={texts.broken.noAnswer}>
                <Unread of={failed} />
            </GuestPage>
        );
    }
    if (session.data?.password_change_required) return <Navigate to="/change-password" />;
    if (session.data) return children;
    if (session.data === undefined || setup.data === undefined) return <Splash />;
    if (setup.data.required) return <Navigate to="/setup" />;
    const next = pathname === "/" ? "" : `?next=${encodeURIComponent(pathname + search)}`;
    return <Navigate to={`/sign-in${next}`} />;
}

