import type { Role, Status, User } from "../api/queries";
import { texts } from "../texts";
import classes from "./labels.module.css";
import { absolute } from "../time";
import { Tooltip } from "./Tooltip";

type Tone = "good" | "warn" | "bad" | "idle" | "info";

/** A dot and a word. */
export function Label({ tone, children, detail }: { tone: Tone; children: string; detail?: string | null }) {
    const label = (
        <span className={classes.label} data-tone={tone}>
            {children}
        </span>
    );
    return detail ? <Tooltip text={detail}>{label}</Tooltip> : label;
}

const STATUS: Record<Status, Tone> = { active: "good", invited: "info", invite_expired: "warn", suspended: "bad" };

export function StatusLabel({ user }: { user: User }) {
    const { reason, until } = user.suspension ?? {};
    const detail = [reason, until && texts.status.until(absolute(until))].filter(Boolean).join(" · ");
    return (
        <Label tone={STATUS[user.status]} detail={detail || undefined}>
            {texts.status[user.status]}
        </Label>
    );
}

/** Whether the mail of an invite came back, or never left. */
export function isUndelivered({ invite }: User): boolean {
    return ["bounced", "complained", "failed"].includes(invite?.delivery ?? "");
}

/** How far the mail of an invite has come; nothing where all is well. */
export function DeliveryLabel({ user, always = false }: { user: User; always?: boolean }) {
    const invite = user.invite;
    if (!invite) return null;
    if (invite.renewal_requested_at) return <Label tone="warn">{texts.delivery.renewal_requested}</Label>;
    const isBad = isUndelivered(user);
    if (!isBad && !always) return null;
    const tone = isBad ? "bad" : invite.delivery === "delivered" ? "good" : "idle";
    return (
        <Label tone={tone} detail={invite.delivery_detail}>
            {texts.delivery[invite.delivery]}
        </Label>
    );
}

export function RoleLabel({ role }: { role: Role }) {
    return <span className={role === "member" ? "muted" : undefined}>{texts.role[role]}</span>;
}

/** The roles of a user in apps, as many as there is room for. */
export function AppRoles({ roles, max = 2 }: { roles: User["app_roles"]; max?: number }) {
    const all = Object.entries(roles);
    if (all.length === 0) return <span className="muted">–</span>;
    const text = ([app, role]: [string, string]) => `${app}: ${role}`;
    return (
        <span className={classes.tags}>
            {all.slice(0, max).map((entry) => (
                <span className={classes.tag} key={entry[0]}>
                    {text(entry)}
                </span>
            ))}
            {all.length > max && (
                <Tooltip text={all.slice(max).map(text).join(", ")}>
                    <span className={classes.tag}>+{all.length - max}</span>
                </Tooltip>
            )}
        </span>
    );
}
