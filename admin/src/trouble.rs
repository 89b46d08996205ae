//! What went wrong, in words that say what to do.

use std::{error::Error, io, iter};

use aws_sdk_dynamodb::{
    error::{ConnectorError, ErrorMetadata},
    types::error::ResourceNotFoundException,
};

use crate::place::{EXPORT, Place};

/// Whether it is only that nobody reads on what is printed.
pub(crate) fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// What to do, where that is known, and then the error with all its causes.
pub(crate) fn explain(error: &(dyn Error + 'static), place: &Place) -> String {
    let causes = chain(error).filter(|cause| !is_wrapping(*cause)).map(told).collect::<Vec<_>>().join(": ");
    advice(error, place).into_iter().chain([causes]).collect::<Vec<_>>().join("\n")
}

fn advice(error: &(dyn Error + 'static), place: &Place) -> Option<String> {
    let metadata = chain(error).find_map(|cause| cause.downcast_ref::<ErrorMetadata>());
    match metadata.and_then(ErrorMetadata::code) {
        Some("AccessDeniedException") => {
            let action = metadata.and_then(ErrorMetadata::message).and_then(missing_permission).unwrap_or("permission");
            Some(format!(
                "These credentials lack {action} on {place}. What each command needs is in docs/operations.md, under \
                 \"At the command line\"."
            ))
        }
        Some("ExpiredTokenException" | "ExpiredToken" | "RequestExpired") => {
            Some(format!("The credentials have expired. Put new ones into the environment: {EXPORT}"))
        }
        Some(
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "IncompleteSignatureException"
            | "MissingAuthenticationTokenException",
        ) => Some(format!("AWS does not take these credentials. Put others into the environment: {EXPORT}")),
        _ if chain(error).any(<dyn Error>::is::<ResourceNotFoundException>) => Some(format!(
            "AWS does not know {place}. The stack's output TableName names it, and AWS_REGION where it is."
        )),
        _ if chain(error).any(is_unreachable) => {
            Some(format!("DynamoDB does not answer for {place}. Look at AWS_REGION, and at the network."))
        }
        _ => None,
    }
}

/// The error and what caused it, in order.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    iter::successors(Some(error), |error| Error::source(*error))
}

/// Whether it tells only to callers of the API what its cause means.
fn is_wrapping(error: &(dyn Error + 'static)) -> bool {
    use roster_domain::Error::{Unavailable, Unexpected};
    matches!(error.downcast_ref(), Some(Unavailable(_) | Unexpected(_)))
}

fn is_unreachable(error: &(dyn Error + 'static)) -> bool {
    // The SDK's error names no type for a timeout that is the same for all calls.
    error.is::<ConnectorError>() || error.to_string() == "request has timed out"
}

fn told(error: &(dyn Error + 'static)) -> String {
    let message = error.downcast_ref::<ErrorMetadata>().and_then(ErrorMetadata::message);
    message.map_or_else(|| error.to_string(), str::to_owned)
}

/// What stands in "User: ... is not authorized to perform: dynamodb:Query on resource: ...".
fn missing_permission(message: &str) -> Option<&str> {
    message.split_once("perform: ")?.1.split_whitespace().next()
}
