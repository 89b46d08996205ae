import { Dialogs } from "./Dialogs";
import { SignInAgain } from "./SignInAgain";

export default function Layers() {
    return (
        <>
            <SignInAgain />
            <Dialogs />
        </>
    );
}
