import { Anchor, Button, TextInput } from "@mantine/core";
import { Link, useLocation } from "../navigation";
import { answer, api } from "../api/client";
import { isProblem } from "../api/problem";
import { GuestPage } from "../components/GuestPage";
import { FormError, useForm } from "../form";
import { texts } from "../texts";

const t = texts.forgottenPassword;

export default function ForgottenPassword() {
    const state = useLocation().state as { email?: string } | null;
    const form = useForm({
        initial: { email: state?.email ?? "" },
        send: (body) => answer(api.POST("/v1/password-resets", { body })),
    });
    const back = (
        <Anchor component={Link} to="/sign-in" size="sm" ta="center">
            {t.back}
        </Anchor>
    );
    if (form.isDone) {
        return (
            <GuestPage title={t.sent} lead={t.sentLead(form.values.email)}>
                {back}
            </GuestPage>
        );
    }
    return (
        <GuestPage title={t.title} lead={t.lead}>
            <form {...form.props} className="stack">
                <FormError error={isProblem(form.error, "email-not-configured") ? new Error(t.noEmail) : form.error} />
                <TextInput label={texts.fields.email} type="email" autoComplete="username" autoFocus {...form.text("email")} />
                <Button type="submit" fullWidth loading={form.isBusy}>
                    {t.go}
                </Button>
                {back}
            </form>
        </GuestPage>
    );
}
