import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { userSessionsQuery, type Session, type User } from "../../api/queries";
import { confirm } from "../../components/confirm";
import { Section } from "../../components/Page";
import { Sessions } from "../../components/Sessions";
import { Empty, Shown } from "../../components/states";
import { toast } from "../../components/Toasts";
import { useAction } from "../../form";
import { texts } from "../../texts";

const t = texts.sessions;

export function UserSessions({ user }: { user: User }) {
    const sessions = useQuery(userSessionsQuery(user.id));
    const end = useAction(async (session: Session) => {
        await answer(api.DELETE("/v1/users/{id}/sessions/{session}", { params: { path: { id: user.id, session: session.id } } }));
        toast(t.ended);
    });
    const endAll = useAction(async () => {
        await answer(api.DELETE("/v1/users/{id}/sessions", { params: { path: { id: user.id } } }));
        toast(t.allEnded);
    });
    const ask = async () => {
        if (await confirm({ title: t.endAllTitle, body: t.endAllBody(user.name ?? user.email), confirm: t.endAll, danger: true })) endAll.mutate();
    };
    const isAny = (sessions.data?.items.length ?? 0) > 0;
    return (
        <Section
            title={t.title}
            flush
            actions={
                isAny && (
                    <Button size="xs" variant="default" loading={endAll.isPending} onClick={() => void ask()}>
                        {t.endAll}
                    </Button>
                )
            }
        >
            <Shown of={sessions} rows={2}>
                {({ items }) =>
                    items.length > 0 ? <Sessions sessions={items} end={(session) => end.mutate(session)} /> : <Empty title={t.none} />
                }
            </Shown>
        </Section>
    );
}
