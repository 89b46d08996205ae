//! Many users at once, for measurements and demonstrations.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use roster_domain::{Error, Result, activity::Activity};

use crate::{
    Change, Store,
    items::{Counted, Item},
    keys, summary,
    transaction::Transaction,
};

impl Store {
    /// Writes new users as [`Store::apply`] would, and counts them, but fast: neither checked, nor all or none. Nobody
    /// may have their addresses, and none of them may be an active admin.
    pub async fn seed(&self, newcomers: &[(Change<'_>, Activity)]) -> Result<()> {
        let mut items = Vec::new();
        let mut counts = BTreeMap::new();
        for (change, activity) in newcomers {
            items.extend(self.transaction(*change, Some(activity))?.into_puts()?);
            if let Some(counted) = change.after.map(Counted::from) {
                items.push(counted.attributes()?);
                summary::count(&mut counts, counted, 1);
            }
        }
        let put = |item| {
            let put = PutRequest::builder().set_item(Some(item)).build();
            put.map(|put| WriteRequest::builder().put_request(put).build()).map_err(Error::unexpected)
        };
        let requests = items.into_iter().map(put).collect::<Result<Vec<_>>>()?;
        for some in requests.chunks(crate::MAX_BATCH_OF_WRITES) {
            self.write_all(some.to_vec()).await?;
        }
        let mut writes = Transaction::new(self);
        writes.add(keys::summary(), &counts)?;
        writes.commit().await
    }
}
