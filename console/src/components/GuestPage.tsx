import { useEffect, type ReactNode } from "react";
import { Mark } from "./Mark";
import classes from "./GuestPage.module.css";

/** The frame of pages for people who are not signed in. */
export function GuestPage({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
    useEffect(() => {
        document.title = `${title} · Roster`;
    }, [title]);
    return (
        <main className={classes.frame}>
            <div className={classes.card}>
                <Mark />
                <h1>{title}</h1>
                {lead && <p className="muted">{lead}</p>}
                <div className={classes.body}>{children}</div>
            </div>
        </main>
    );
}
