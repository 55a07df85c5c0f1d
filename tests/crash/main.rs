//! Sudden ends: `kill -9`, loss of power, full and failing disks. What was acknowledged is there afterwards.

mod faults_disk;
mod history;
mod kill;
mod load;
mod node_state;
mod planted;
mod power;
mod random;
mod records;
mod rig;
mod shim;
mod verify;
