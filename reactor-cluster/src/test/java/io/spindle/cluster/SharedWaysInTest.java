// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

class SharedWaysInTest extends WaysInContract {

    @Override
    Listening listening() {
        return Listening.shared();
    }
}
