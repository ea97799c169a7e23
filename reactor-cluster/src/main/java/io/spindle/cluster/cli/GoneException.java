// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster.cli;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** There is no primary, or no longer. */
final class GoneException extends IOException {

    GoneException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
