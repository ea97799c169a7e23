// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.util.Locale;

/** What a primary is about. */
enum PrimaryState {
    RUNNING,
    /** Workers are being replaced, all or one. */
    RELOADING,
    STOPPING;

    /** How others are told. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
