import { Button, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { local } from "../api/client";
import { mailboxQuery, type Mail } from "../api/queries";
import { confirm } from "../components/confirm";
import { MailFrame } from "../components/MailFrame";
import { Page } from "../components/Page";
import { Empty, Shown } from "../components/states";
import { toast } from "../components/Toasts";
import { useAction } from "../form";
import { texts } from "../texts";
import { TimeAgo } from "../time";
import { useUrl } from "../url";
import classes from "./Mailbox.module.css";

const t = texts.mailbox;

/** The mails that the local installation caught, as mail programs would show them. */
export default function Mailbox() {
    const url = useUrl();
    const mails = useQuery({ ...mailboxQuery, refetchInterval: 3_000 });
    const clear = useAction(async () => {
        await local("DELETE", "/_local/mail");
        toast(t.cleared);
    });
    const ask = async () => {
        if (await confirm({ title: t.clearTitle, body: t.clearBody, confirm: t.clear, danger: true })) clear.mutate();
    };
    const shown = mails.data?.find(({ id }) => id === url.get("mail")) ?? mails.data?.[0];
    return (
        <Page
            title={t.title}
            lead={t.lead}
            actions={
                <Button variant="default" disabled={!mails.data?.length} loading={clear.isPending} onClick={() => void ask()}>
                    {t.clear}
                </Button>
            }
        >
            <Shown of={mails}>
                {(mails) =>
                    !mails || mails.length === 0 || !shown ? (
                        <div className={classes.box}>
                            <Empty title={t.none}>{t.noneLead}</Empty>
                        </div>
                    ) : (
                        <div className={`${classes.box} ${classes.split}`}>
                            <ul className={`plain ${classes.list}`}>
                                {mails.map((mail) => (
                                    <li key={mail.id}>
                                        <UnstyledButton className={classes.item} aria-current={mail === shown} onClick={() => url.change({ mail: mail.id })}>
                                            <span className={classes.line}>
                                                <span className="truncate">{mail.to.join(", ")}</span>
                                                <span className="muted small">
                                                    <TimeAgo at={mail.sent_at} />
                                                </span>
                                            </span>
                                            <span className="truncate small muted">{mail.subject}</span>
                                        </UnstyledButton>
                                    </li>
                                ))}
                            </ul>
                            <Reader mail={shown} />
                        </div>
                    )
                }
            </Shown>
        </Page>
    );
}

function Reader({ mail }: { mail: Mail }) {
    const url = useUrl();
    const isText = url.get("part") === "text";
    return (
        <article className={classes.reader} aria-label={mail.subject}>
            <header className={classes.head}>
                <div>
                    <h2>{mail.subject}</h2>
                    <p className="muted small">{t.fromTo(mail.from, mail.to.join(", "))}</p>
                </div>
                <Button size="xs" variant="default" onClick={() => url.change({ part: isText ? undefined : "text" })}>
                    {isText ? t.asHtml : t.asText}
                </Button>
            </header>
            {isText ? (
                <pre className={classes.text} tabIndex={0}>
                    {mail.text}
                </pre>
            ) : (
                <MailFrame
                    className={classes.frame}
                    html={withTarget(mail.html)}
                    title={mail.subject}
                    sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
                />
            )}
        </article>
    );
}

/** Links of a mail open beside the mailbox. */
function withTarget(html: string): string {
    return html.replace(/<a /g, '<a target="_blank" rel="noreferrer" ');
}
