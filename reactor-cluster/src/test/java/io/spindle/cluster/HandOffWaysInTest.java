// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

class HandOffWaysInTest extends WaysInContract {

    @Override
    Listening listening() {
        return Listening.handOff(Balance.roundRobin());
    }
}
