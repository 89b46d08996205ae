import { useInfiniteQuery } from "@tanstack/react-query";
import { userActivityQuery, type Activity, type User } from "../../api/queries";
import { texts } from "../../texts";
import { TimeAgo } from "../../time";
import classes from "./UserPage.module.css";

const words: Record<string, string> = texts.user.inviteHistory;

/** What became of the mails of an invite so far, newest first. */
export function InviteHistory({ user }: { user: User }) {
    const activity = useInfiniteQuery(userActivityQuery(user.id));
    const entries = activity.data?.pages.flatMap(({ items }) => items).filter(({ action }) => action in words) ?? [];
    if (entries.length < 2) return null;
    return (
        <>
            <h3 className={classes.historyTitle} id="invite-history">{texts.user.history}</h3>
            <ol className={`plain small ${classes.history}`} aria-labelledby="invite-history">
                {entries.map((entry) => (
                    <li key={entry.id}>
                        <span>{words[entry.action]}</span>
                        <span className="muted">
                            <TimeAgo at={entry.at} />
                        </span>
                        <Reason entry={entry} />
                    </li>
                ))}
            </ol>
        </>
    );
}

function Reason({ entry }: { entry: Activity }) {
    const reason = entry.changes.reason?.[1];
    return reason ? <span className={`muted ${classes.reason}`}>{reason}</span> : null;
}
