// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.offload.BlockingPoolSpec;

/**
 * Changes the description of the auto-configured pool for blocking calls before it is started, after the properties were applied. Beans of this
 * type are called in their order; they are not called for a pool of the application's own.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface BlockingPoolCustomizer {

    /**
     * Returns the description to go on with.
     *
     * @param spec what the properties and earlier customizers have made
     */
    BlockingPoolSpec customize(BlockingPoolSpec spec);
}
