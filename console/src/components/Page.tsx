import { IconArrowLeft } from "@tabler/icons-react";
import { useEffect, useRef, type ReactNode } from "react";
import { Link } from "../navigation";
import classes from "./Page.module.css";

export interface Back {
    to: string;
    label: string;
    state?: unknown;
}

interface PageProps {
    title: string;
    /** What stands beside the title. */
    note?: ReactNode;
    lead?: ReactNode;
    actions?: ReactNode;
    back?: Back;
    /** Forms read better in a narrow column. */
    narrow?: boolean;
    children: ReactNode;
}

/** Whether the first page was shown: from then on, a new page takes the focus, so that screen readers tell of it. */
let isNavigation = false;

/** A page with its heading. */
export function Page({ title, note, lead, actions, back, narrow, children }: PageProps) {
    const heading = useRef<HTMLHeadingElement>(null);
    useEffect(() => {
        if (isNavigation) heading.current?.focus({ preventScroll: true });
        isNavigation = true;
    }, []);
    useEffect(() => {
        document.title = `${title} · Roster`;
    }, [title]);
    return (
        <div className={classes.page} data-narrow={narrow}>
            {back && (
                <Link className={classes.back} to={back.to} state={back.state}>
                    <IconArrowLeft size={14} aria-hidden /> {back.label}
                </Link>
            )}
            <header className={classes.header}>
                <div>
                    <h1 ref={heading} tabIndex={-1} className={classes.title}>
                        {title} {note}
                    </h1>
                    {lead && <p className={classes.lead}>{lead}</p>}
                </div>
                {actions && <div className={classes.actions}>{actions}</div>}
            </header>
            {children}
        </div>
    );
}

interface SectionProps {
    title: string;
    lead?: ReactNode;
    actions?: ReactNode;
    danger?: boolean;
    /** Tables reach to the edges. */
    flush?: boolean;
    children: ReactNode;
}

/** A part of a page. */
export function Section({ title, lead, actions, danger, flush, children }: SectionProps) {
    return (
        <section className={classes.section} data-danger={danger} aria-label={title}>
            <header className={classes.sectionHeader}>
                <div>
                    <h2>{title}</h2>
                    {lead && <p className="muted small">{lead}</p>}
                </div>
                {actions && <div className={classes.actions}>{actions}</div>}
            </header>
            <div className={flush ? undefined : classes.sectionBody}>{children}</div>
        </section>
    );
}
