//! Sudden ends: `kill -9`, loss of power, full and failing disks. What was acknowledged is there afterwards.

mod history;
mod kill;
mod load;
mod planted;
mod power;
mod random;
mod records;
mod rig;
mod shim;
mod verify;
