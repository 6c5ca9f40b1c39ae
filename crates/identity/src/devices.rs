//! Devices: probes, scales and gateways, each with a secret of its own for HTTP and MQTT.

use events::Object;
use kernel::{ProbeId, SiteId, Stamp};
use store::{StoreError, Tx, args, sql};

use crate::{Secret, events::DeviceEnrolled};

/// What every device secret begins with.
pub const DEVICE_PREFIX: &str = "fd_";

/// A device that showed its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    pub probe: ProbeId,
    pub site: SiteId,
}

/// Gives a probe its secret; one that it had before is worth nothing from now on. Whose probe it is, the cold chain
/// knows.
pub async fn enrol_device(tx: &mut Tx, stamp: &Stamp, device: Device, secret: &Secret) -> Result<(), StoreError> {
    tx.put(ENROL, args![device.probe, device.site, &secret.hash(), stamp.at]).await?;
    events::tell(
        tx,
        stamp,
        Object::of(device.probe),
        &[Object::of(device.site)],
        &DeviceEnrolled { site: device.site },
    )
    .await?;
    Ok(())
}

/// The device that this secret belongs to. A broker compares the probe with the user name of the connection.
pub async fn device_of(tx: &mut Tx, secret: &Secret) -> Result<Option<Device>, StoreError> {
    let found: Option<(ProbeId, SiteId)> = tx.optional(BY_SECRET, args![&secret.hash()]).await?;
    Ok(found.map(|(probe, site)| Device { probe, site }))
}

sql! {
    ENROL = "INSERT INTO device (probe, site, secret_hash, enrolled_at)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (probe) DO UPDATE
             SET site = excluded.site, secret_hash = excluded.secret_hash, enrolled_at = excluded.enrolled_at";
    BY_SECRET = "SELECT probe, site FROM device WHERE secret_hash = $1";
}
