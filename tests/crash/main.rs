//! Sudden ends: `kill -9`, loss of power, full and failing disks. What was acknowledged is there afterwards.
