//! Sudden ends: `kill -9`, loss of power, full and failing disks. What was acknowledged is there afterwards.

mod damage;
mod data_dir;
mod faults_disk;
mod faults_process;
mod history;
mod kill;
mod load;
mod node_state;
mod planted;
mod power;
mod records;
mod rig;
mod shim;
mod soak;
mod verify;
