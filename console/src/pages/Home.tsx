import { Navigate } from "../navigation";
import { useMe } from "../session";

/** Leads everybody to where they work. */
export default function Home() {
    return <Navigate to={useMe().role === "member" ? "/account" : "/users"} />;
}
