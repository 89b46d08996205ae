import { Button, PasswordInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Navigate, navigate } from "../navigation";
import { answer, api } from "../api/client";
import { sessionQuery } from "../api/queries";
import { GuestPage } from "../components/GuestPage";
import { NewPassword } from "../components/NewPassword";
import { Unread } from "../components/states";
import { toast } from "../components/Toasts";
import { FormError, useForm } from "../form";
import { useSignOut } from "../session";
import { texts } from "../texts";

const t = texts.changePassword;

/** The forced change of a temporary password: until it is done, there is nothing else. */
export default function ChangePassword() {
    const queries = useQueryClient();
    const session = useQuery(sessionQuery);
    const signOut = useSignOut();
    const form = useForm({
        initial: { current_password: "", new_password: "" },
        about: { "wrong-password": "current_password" },
        send: async (body) => {
            await answer(api.POST("/v1/me/password", { body }));
            await queries.fetchQuery({ ...sessionQuery, staleTime: 0 });
            toast(t.done);
            await navigate("/", { replace: true });
        },
    });
    if (session.data === undefined) {
        return (
            <GuestPage title={t.title}>
                <Unread of={session} />
            </GuestPage>
        );
    }
    if (session.data === null) return <Navigate to="/sign-in" />;
    if (!session.data.password_change_required) return <Navigate to="/account" />;
    const { user } = session.data;
    return (
        <GuestPage title={t.title} lead={t.lead}>
            <form {...form.props} className="stack">
                <FormError error={form.error} />
                <input className="hidden" type="email" autoComplete="username" defaultValue={user.email} tabIndex={-1} aria-hidden />
                <PasswordInput label={t.temporary} autoComplete="current-password" autoFocus {...form.text("current_password")} />
                <NewPassword personal={[user.name, user.email.split("@")[0]]} {...form.text("new_password")} />
                <Button type="submit" fullWidth loading={form.isBusy}>
                    {t.go}
                </Button>
                <Button variant="subtle" fullWidth onClick={() => signOut.mutate()}>
                    {texts.shell.signOut}
                </Button>
            </form>
        </GuestPage>
    );
}
