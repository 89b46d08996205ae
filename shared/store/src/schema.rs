//! The shape of the table, for those who create it outside CloudFormation: the local installation.
//!
//! `template.yaml` says the same; a test compares the two.

use aws_sdk_dynamodb::{
    Client,
    error::BoxError,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
        ScalarAttributeType, StreamSpecification, StreamViewType, TimeToLiveSpecification,
    },
};

/// The attribute with the time, in seconds since 1970, after which DynamoDB may delete an item.
pub const TTL_ATTRIBUTE: &str = "expires_at_epoch";
/// The two overloaded indexes, each with its partition and sort key.
pub const INDEXES: [(&str, &str, &str); 2] = [("gsi1", "gsi1pk", "gsi1sk"), ("gsi2", "gsi2pk", "gsi2sk")];

/// Creates the table `name`, with indexes, stream and TTL.
pub async fn create(client: &Client, name: &str) -> Result<(), BoxError> {
    let attributes = ["pk", "sk"].into_iter().chain(INDEXES.into_iter().flat_map(|(_, pk, sk)| [pk, sk]));
    let attributes = attributes
        .map(|attribute| {
            AttributeDefinition::builder().attribute_name(attribute).attribute_type(ScalarAttributeType::S).build()
        })
        .collect::<Result<Vec<_>, _>>()?;
    let indexes = INDEXES
        .into_iter()
        .map(|(index, pk, sk)| {
            GlobalSecondaryIndex::builder()
                .index_name(index)
                .set_key_schema(Some(key_schema(pk, sk)?))
                .projection(Projection::builder().projection_type(ProjectionType::All).build())
                .build()
                .map_err(BoxError::from)
        })
        .collect::<Result<Vec<_>, _>>()?;
    client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes))
        .set_key_schema(Some(key_schema("pk", "sk")?))
        .set_global_secondary_indexes(Some(indexes))
        .stream_specification(
            StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(StreamViewType::NewAndOldImages)
                .build()?,
        )
        .send()
        .await?;
    client
        .update_time_to_live()
        .table_name(name)
        .time_to_live_specification(
            TimeToLiveSpecification::builder().attribute_name(TTL_ATTRIBUTE).enabled(true).build()?,
        )
        .send()
        .await?;
    Ok(())
}

fn key_schema(pk: &str, sk: &str) -> Result<Vec<KeySchemaElement>, BoxError> {
    Ok(vec![
        KeySchemaElement::builder().attribute_name(pk).key_type(KeyType::Hash).build()?,
        KeySchemaElement::builder().attribute_name(sk).key_type(KeyType::Range).build()?,
    ])
}
