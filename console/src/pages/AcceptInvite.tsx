import { Button, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { Link, Navigate, navigate } from "../navigation";
import { answer, api } from "../api/client";
import { isProblem } from "../api/problem";
import { sessionQuery } from "../api/queries";
import type { components } from "../api/schema";
import { GuestPage } from "../components/GuestPage";
import { NewPassword } from "../components/NewPassword";
import { Unread } from "../components/states";
import { FormError, useAction, useForm } from "../form";
import { forgetLinkSecret, isRenewalRequested, linkSecret, noteRenewal } from "../link";
import { texts } from "../texts";
import { relative } from "../time";

const t = texts.acceptInvite;

export default function AcceptInvite() {
    const [token] = useState(linkSecret);
    const session = useQuery(sessionQuery);
    const invite = useQuery({
        queryKey: ["invite"],
        queryFn: () => answer(api.POST("/v1/invites/inspect", { body: { token: token ?? "" } })),
        enabled: token !== null,
        staleTime: Infinity,
    });
    if (token === null) return session.data ? <Navigate to="/" /> : <Unknown />;
    const expired = <Expired token={token} />;
    if (isProblem(invite.error, "invite-expired")) return expired;
    if (isProblem(invite.error, "invite-replaced")) return <GuestPage title={t.replaced} lead={t.replacedLead}>{null}</GuestPage>;
    if (isProblem(invite.error, "invite-unknown", "invalid-fields")) return <Unknown />;
    if (invite.data) return <Accept token={token} invite={invite.data} expired={expired} />;
    return (
        <GuestPage title={t.title(null)}>
            <Unread of={invite} />
        </GuestPage>
    );
}

interface AcceptProps {
    token: string;
    invite: components["schemas"]["InspectedInvite"];
    /** What is shown when the invite ends while the form is open. */
    expired: ReactNode;
}

function Accept({ token, invite, expired }: AcceptProps) {
    const queries = useQueryClient();
    const form = useForm({
        initial: { name: invite.name ?? "", password: "" },
        send: async (values) => {
            await answer(api.POST("/v1/invites/accept", { body: { token, ...values } }));
            forgetLinkSecret();
            // Whoever was signed in here before is not any more.
            queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
            await queries.fetchQuery({ ...sessionQuery, staleTime: 0 });
            await navigate("/", { replace: true });
        },
    });
    if (isProblem(form.error, "invite-expired")) return expired;
    if (isProblem(form.error, "invite-unknown")) return <Unknown />;
    return (
        <GuestPage
            title={t.title(invite.company)}
            lead={`${t.lead(invite.invited_by)} ${t.expires(relative(invite.expires_at))}`}
        >
            <form {...form.props} className="stack">
                <FormError error={form.error} />
                <TextInput label={texts.fields.email} type="email" autoComplete="username" value={invite.email} readOnly variant="filled" />
                <TextInput label={t.name} autoComplete="name" autoFocus={!invite.name} {...form.text("name")} />
                <NewPassword
                    autoFocus={Boolean(invite.name)}
                    personal={[form.values.name, invite.email.split("@")[0]]}
                    {...form.text("password")}
                />
                <Button type="submit" fullWidth loading={form.isBusy}>
                    {t.go}
                </Button>
            </form>
        </GuestPage>
    );
}

function Expired({ token }: { token: string }) {
    const [isRequested, setIsRequested] = useState(() => isRenewalRequested(token));
    const request = useAction(async () => {
        await answer(api.POST("/v1/invites/request-renewal", { body: { token } }));
        noteRenewal(token);
        setIsRequested(true);
    });
    if (isRequested) return <GuestPage title={t.requested} lead={t.requestedLead}>{null}</GuestPage>;
    return (
        <GuestPage title={t.expired} lead={t.expiredLead}>
            <Button fullWidth loading={request.isPending} onClick={() => request.mutate()}>
                {t.request}
            </Button>
        </GuestPage>
    );
}

function Unknown() {
    return (
        <GuestPage title={t.unknown} lead={t.unknownLead}>
            <Button component={Link} to="/sign-in" fullWidth variant="default">
                {texts.signIn.go}
            </Button>
        </GuestPage>
    );
}
