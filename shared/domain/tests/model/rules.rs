//! What takes part in a search, and the deliberate mistakes that show that a search can fail.

use domain::plan::BuildLimits;

/// A mistake in an actor or in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    None,
    /// Finish is accepted from any attempt.
    FinishIgnoresAttempt,
    /// Every attempt stores its output under one key.
    OneOutputKey,
    /// The output is stored after Finish.
    FinishBeforeStore,
    /// A refused worker removes its output without looking whether it was published.
    DropPublished,
    /// The worker frees the slot before it writes Finish.
    ReleaseBeforeFinish,
    /// A worker that meets a live lease acknowledges the message.
    AcknowledgeLiveLease,
    /// A worker that lost its lease acknowledges the message although a later attempt still runs.
    AcknowledgeSuperseded,
    /// A notification that finds the job queued sends no wake-up.
    QueuedNeedsNoWake,
    /// Jobs are written without a condition on their revision.
    WriteWithoutRevision,
    /// Admission removes a reservation without the condition that its upload has not arrived.
    PruneArrived,
    /// As before, with the condition, but without the one that the build still holds a slot.
    PruneEnded,
    /// Taking a slot looks at no limit.
    TakeWithoutRoom,
    /// What a cancelled job left is removed while a worker may still be storing.
    TidyDuringLease,
    /// What a deleted job left is removed while a worker that it was cancelled under may still be storing.
    DeleteForgetsLease,
    /// Who removed what an ended job left marks it as tidy although it was deleted meanwhile, and its output with it.
    TidyWhatWasDeleted,
    /// What an ended job left is removed first, and only then it is asked whether a worker may still be storing.
    TidyJudgedLate,
    /// The reconciler never expires a job whose object is there but has no room.
    WaitForRoomForever,
}

/// What takes part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Workers, one or two.
    pub(crate) workers: usize,
    /// Workers die, or miss the answer to their last write.
    pub(crate) deaths: bool,
    /// Uploads arrive; without, the search begins with a queued job.
    pub(crate) arrivals: bool,
    /// The reconciler runs.
    pub(crate) reconciler: bool,
    /// Wake-ups are lost, and come again.
    pub(crate) lost_wakes: bool,
    /// Notifications are lost.
    pub(crate) lost_notices: bool,
    /// Hours pass, not only minutes.
    pub(crate) eras: bool,
    /// The client calls complete or status.
    pub(crate) calls: bool,
    /// The client cancels.
    pub(crate) cancel: bool,
    /// The client deletes a build that has ended.
    pub(crate) delete: bool,
    /// The client aborts, sends a wrong size, puts again.
    pub(crate) mischief: bool,
    /// Another build is admitted.
    pub(crate) second: bool,
    /// How often the infrastructure may fail.
    pub(crate) troubles: u8,
    /// The tenant's limits.
    pub(crate) limits: BuildLimits,
    /// What is done wrong.
    pub(crate) mistake: Mistake,
}
