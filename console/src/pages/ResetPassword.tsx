import { Button } from "@mantine/core";
import { Link, navigate } from "../navigation";
import { useState } from "react";
import { answer, api } from "../api/client";
import { isProblem } from "../api/problem";
import { GuestPage } from "../components/GuestPage";
import { NewPassword } from "../components/NewPassword";
import { FormError, useForm } from "../form";
import { forgetLinkSecret, linkSecret } from "../link";
import { texts } from "../texts";

const t = texts.resetPassword;

export default function ResetPassword() {
    const [token] = useState(linkSecret);
    const form = useForm({
        initial: { new_password: "" },
        send: async ({ new_password }) => {
            await answer(api.POST("/v1/password-resets/complete", { body: { token: token ?? "", new_password } }));
            forgetLinkSecret();
            await navigate("/sign-in", { state: { notice: t.done }, replace: true });
        },
    });
    const isExpired = isProblem(form.error, "link-expired");
    if (token === null || isExpired || isProblem(form.error, "link-unknown")) {
        return (
            <GuestPage title={isExpired ? t.expired : t.unknown} lead={isExpired ? t.expiredLead : t.unknownLead}>
                <Button component={Link} to="/forgotten-password" fullWidth>
                    {t.again}
                </Button>
            </GuestPage>
        );
    }
    return (
        <GuestPage title={t.title} lead={t.lead}>
            <form {...form.props} className="stack">
                <FormError error={form.error} />
                <NewPassword autoFocus {...form.text("new_password")} />
                <Button type="submit" fullWidth loading={form.isBusy}>
                    {t.go}
                </Button>
            </form>
        </GuestPage>
    );
}
