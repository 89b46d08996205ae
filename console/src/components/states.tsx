import { Alert, Button, Skeleton } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Mark } from "./Mark";
import { texts } from "../texts";
import classes from "./states.module.css";

export function Loading({ rows = 4 }: { rows?: number }) {
    return (
        <div className={classes.loading} role="status">
            <span className="hidden">{texts.common.loading}</span>
            {Array.from({ length: rows }, (_, row) => (
                <Skeleton key={row} height={14} width={`${92 - ((row * 17) % 45)}%`} radius={4} />
            ))}
        </div>
    );
}

/** What is seen until it is known what to show; the page itself begins with the same. */
export function Splash() {
    return (
        <div className="splash" role="status">
            <Mark />
            <span className="hidden">{texts.common.loading}</span>
        </div>
    );
}

export function Failure({ error, retry }: { error: Error; retry?: () => void }) {
    return (
        <div className={classes.failure}>
            <Alert color="danger" variant="light" icon={<IconAlertTriangle />} title={texts.common.failed}>
                <p>{error.message}</p>
                {retry && (
                    <Button size="xs" mt="sm" variant="default" onClick={retry}>
                        {texts.common.retry}
                    </Button>
                )}
            </Alert>
        </div>
    );
}

interface EmptyProps {
    title: string;
    children?: ReactNode;
    action?: ReactNode;
}

/** Nothing is there yet, and what to do about it. */
export function Empty({ title, children, action }: EmptyProps) {
    return (
        <div className={classes.empty}>
            <p className={classes.emptyTitle}>{title}</p>
            {children && <p className="muted">{children}</p>}
            {action && <div className={classes.emptyAction}>{action}</div>}
        </div>
    );
}

interface Read<T> {
    data: T | undefined;
    error: Error | null;
    refetch: () => unknown;
}

/** What a query read, or that it is under way, or why there is nothing. */
export function Shown<T>({ of, rows, children }: { of: Read<T>; rows?: number; children: (data: T) => ReactNode }) {
    return of.data === undefined ? <Unread of={of} rows={rows} /> : children(of.data);
}

/** That a query is under way, or why it read nothing. */
export function Unread({ of, rows }: { of: Read<unknown>; rows?: number }) {
    return of.error ? <Failure error={of.error} retry={() => void of.refetch()} /> : <Loading rows={rows} />;
}
