# Copyright 2026 The re3_ros Authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Enter .venv-ros:  source scripts/ros_env/env.bash

_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
_venv=$_root/.venv-ros

export VIRTUAL_ENV=$_venv PATH=$_venv/bin:$PATH
export AMENT_PREFIX_PATH=$_venv CMAKE_PREFIX_PATH=$_venv
export RMW_IMPLEMENTATION=rmw_fastrtps_cpp

# Modules of the tree come first; re3_ros joins them with the messages in site-packages.
export PYTHONPATH=$_root

# The wheels would set the library path themselves, by starting every Python twice.
LD_LIBRARY_PATH=$_venv/lib
for _libs in "$_venv"/lib/python3*/site-packages/ros_*.libs; do
    LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$_libs
done
export LD_LIBRARY_PATH _ROS_WHEELS_BOOTSTRAP_COMPLETE=1

# Both names: the first is for Fast DDS 2 (Jazzy), the second for 3.
export FASTRTPS_DEFAULT_PROFILES_FILE=$_root/scripts/ros_env/fastdds.xml
export FASTDDS_DEFAULT_PROFILES_FILE=$FASTRTPS_DEFAULT_PROFILES_FILE

# Nothing leaves this machine unless asked to: export ROS_AUTOMATIC_DISCOVERY_RANGE=SUBNET
export ROS_AUTOMATIC_DISCOVERY_RANGE=${ROS_AUTOMATIC_DISCOVERY_RANGE:-LOCALHOST}

unset _root _venv _libs
